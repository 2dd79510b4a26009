// Stochastic growth with labour: definitions, parameters that follow from targets, names that Python reserves
var c $c$ (long_name='consumption'), k (long_name='capital at the end of the period'), n (long_name='hours'),
    y (long_name='output'), invest, w, lambda (long_name='marginal utility'), z (long_name='productivity'),
    g (long_name='spending nobody shocks'), log_y, dy (long_name='output growth'), trend;
varexo e_z (long_name='productivity shock'), e_g;
parameters alpha beta delta gamma eta chi rho_z rho_g hours impatience;
alpha = 0.33;
impatience = 0.01;
beta = 1/(1 + impatience);
delta = 0.025;
gamma = 2;
eta = 1;
rho_z = 0.9;
rho_g = 0.8;
hours = 0.3;

model;
# gross_return = alpha*y(+1)/k + 1 - delta;
[name='marginal utility'] lambda = c^(-gamma);
[name='Euler equation'] lambda = beta*lambda(+1)*gross_return;
[name='labour supply'] chi*n^eta = lambda*w;
[name='wage'] w = (1 - alpha)*y/n;
[name='production'] y = exp(z)*k(-1)^alpha*n^(1 - alpha);
[name='capital'] k = (1 - delta)*k(-1) + invest;
[name='resources'] y = c + invest + g;
z = rho_z*z(-1) + e_z;
log(g) = (1 - rho_g)*log(0.1) + rho_g*log(g(-1)) + e_g;
log_y = log(y);
dy = log_y - log_y(-1);
trend = trend(-1) + dy;
end;

steady_state_model;
z = 0;
g = 0.1;
n = hours;
ratio = ((1/beta - 1 + delta)/alpha)^(1/(alpha - 1));
k = ratio*n;
invest = delta*k;
y = k^alpha*n^(1 - alpha);
c = y - invest - g;
w = (1 - alpha)*y/n;
lambda = c^(-gamma);
chi = lambda*w/n^eta;
log_y = log(y);
dy = 0;
trend = 0;
end;

shocks;
var e_z; stderr 0.01;
end;

varobs dy n;

estimated_params;
gamma, 2, 1.2, 3, gamma_pdf, 2, 0.3;
rho_z, beta_pdf, 0.9, 0.02;
stderr e_z, 0.01, 0.005, 0.02, inv_gamma_pdf, 0.01, inf;
end;
estimated_params_bounds;
rho_z, .85, .95;
end;

steady;
check;
stoch_simul(order=1, irf=0, noprint, nograph) y c;
estimation(datafile='growth_data.csv', order=1, mode_compute=0);
