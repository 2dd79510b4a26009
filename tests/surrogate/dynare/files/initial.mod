// Two sorts of capital and a steady state that has no formula: only starting values
var c k1 k2 y z;
varexo e;
parameters alpha1 alpha2 beta delta1 delta2 gamma kappa rho;
alpha1 = 0.2; alpha2 = 0.15; beta = 0.98; delta1 = 0.1; delta2 = 0.05; gamma = 1.5; kappa = 0.05; rho = 0.8;

model;
c^(-gamma) = beta*c(+1)^(-gamma)*(alpha1*y(+1)/k1 + 1 - delta1);
c^(-gamma) = beta*c(+1)^(-gamma)*(alpha2*y(+1)/k2*exp(-kappa*k2) - kappa*k2/100 + 1 - delta2);
y = exp(z)*k1(-1)^alpha1*k2(-1)^alpha2;
y = c + k1 - (1 - delta1)*k1(-1) + k2 - (1 - delta2)*k2(-1);
z = rho*z(-1) + e;
end;

initval;
c = 1.5; k1 = 3; k2 = 4; y = k1^alpha1*k2^alpha2; z = 0;
end;

shocks;
var e; stderr 0.01;
end;
steady;
stoch_simul(order=1, irf=0, noprint, nograph) c y;
