// Three linear equations in percent, and a price level with a unit root
var x pi i u rn price dx;
varexo e_u e_n e_i;
parameters beta sigma kappa phi_pi phi_x rho_u rho_n rho_i;
beta = 0.99; sigma = 1.5; kappa = 0.15; phi_pi = 1.5; phi_x = 0.2; rho_u = 0.3; rho_n = 0.8; rho_i = 0.6;

model(linear);
x = x(+1) - 1/sigma*(i - pi(+1) - rn);
pi = beta*pi(+1) + kappa*x + u;
i = rho_i*i(-1) + (1 - rho_i)*(phi_pi*pi + phi_x*x) + e_i;
u = rho_u*u(-1) + e_u;
rn = rho_n*rn(-1) + e_n;
price = price(-1) + pi;
dx = x - x(-1);
end;

shocks;
var e_u; stderr 0.2;
var e_n; stderr 0.5;
var e_i; stderr 0.1;
corr e_u, e_i = -0.2;
end;

stoch_simul(order=1, irf=0, noprint, nograph) x pi i;
