// Costly price adjustment in levels: a macro, habit, an interest rate rule on the steady state, shocks that move
// together, one of them news, and a lead of two periods
@#ifndef HABIT
@#define HABIT = 1
@#endif
var c y infl r a d mu r_two level;
varexo e_a e_d e_r e_news;
parameters beta theta phi epsilon rho_r psi_pi psi_y rho_a rho_d h;
beta = 0.99; theta = 1.5; phi = 60; epsilon = 6; rho_r = 0.7; psi_pi = 1.8; psi_y = 0.1; rho_a = 0.9; rho_d = 0.8;
@#if HABIT
h = 0.6;
@#else
h = 0;
@#endif

model;
[name='marginal utility'] mu = d*(c - h*c(-1))^(-theta);
[name='Euler equation'] 1 = beta*mu(+1)/mu*r/infl(+1);
[name='price setting'] phi*(infl - 1)*infl = 1 - epsilon + epsilon*y/(a^2*mu*0.8333333333333334)
    + phi*beta*mu(+1)/mu*(infl(+1) - 1)*infl(+1)*y(+1)/y;
[name='market'] y = c + phi/2*(infl - 1)^2*y;
[name='rule'] log(r/STEADY_STATE(r)) = rho_r*log(r(-1)/STEADY_STATE(r))
    + (1 - rho_r)*(psi_pi*log(infl) + psi_y*log(y/STEADY_STATE(y))) + e_r;
log(a) = rho_a*log(a(-1)) + e_a + e_news(-2);
log(d) = rho_d*log(d(-1)) + e_d;
[name='two-period rate'] r_two = 1/(beta^2*mu(+2)/mu/(infl(+1)*infl(+2)));
level = level(-1) + log(infl);
end;

steady_state_model;
a = exp(1); a = log(a); d = 1; infl = 1; r = 1/beta;
y = (0.8333333333333334*(epsilon - 1)/epsilon*(1 - h)^(-theta))^(1/(1 + theta));
c = y;
mu = (c*(1 - h))^(-theta);
r_two = r^2;
level = 0;
end;

shocks;
var e_a; stderr 0.007;
var e_d; stderr 0.01;
var e_a, e_d = 0.3*0.007*0.01;
var e_r = 0.002^2;
var e_news; stderr 0.003;
end;

varobs infl r y;
stoch_simul(order=1, irf=0, noprint, nograph);
