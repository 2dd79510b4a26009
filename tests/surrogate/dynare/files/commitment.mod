// The planner's first-order conditions are Dynare's
var x pi i u;
varexo e;
parameters beta sigma kappa weight rho;
beta = 0.99; sigma = 1; kappa = 0.1; weight = 0.05; rho = 0.5;
model;
x = x(+1) - 1/sigma*(i - pi(+1));
pi = beta*pi(+1) + kappa*x + u;
u = rho*u(-1) + e;
end;
shocks;
var e; stderr 0.01;
end;
planner_objective pi^2 + weight*x^2;
ramsey_model(planner_discount=0.99, instruments=(i));
stoch_simul(order=1, irf=0, noprint, nograph) x pi;
