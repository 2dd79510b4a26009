// Costly price adjustment and a rate that smooths, in levels: three shocks, three series.
// Data: US output per head, GDP deflator and federal funds rate, 1984 to 2007:
// columns gdp_growth_pc_smpop, infl_gdpdef_a and ffr_a of estimation/datasets/us_derived.csv, whose sources are in the
// README.md beside that file.

var c       (long_name='consumption, over productivity')
    y       (long_name='output, over productivity')
    infl    (long_name='gross inflation')
    r       (long_name='gross interest rate')
    d       (long_name='taste for consuming today')
    z       (long_name='growth of productivity beyond its trend')
    dy        (long_name='output growth, percent a quarter')
    inflation (long_name='inflation, percent a year')
    rate      (long_name='interest rate, percent a year');

varexo e_d (long_name='taste shock')
       e_z (long_name='productivity shock')
       e_r (long_name='interest rate shock');

parameters patience trend target theta cost markup psi_pi psi_y rho_r rho_d rho_z;
patience = 0.4;     // percent a quarter: how much more a util today is worth
trend = 0.5;        // percent a quarter
target = 2.5;       // percent a year
theta = 2;
cost = 80;
markup = 1.2;
psi_pi = 1.8;
psi_y = 0.3;
rho_r = 0.75;
rho_d = 0.85;
rho_z = 0.3;

model;
# beta = 1/(1 + patience/100);
# steady_inflation = 1 + target/400;
# steady_rate = (1 + patience/100)*(1 + target/400)*exp(trend/100);
# demand = markup/(markup - 1);
[name='Euler equation']
1 = beta*d(+1)/d*(c(+1)/c)^(-theta)*r/(infl(+1)*exp(trend/100 + z(+1)));
[name='price setting']
cost*(infl/steady_inflation - 1)*infl/steady_inflation = 1 - demand + demand*c^theta/markup
    + cost*beta*d(+1)/d*(c(+1)/c)^(-theta)*(infl(+1)/steady_inflation - 1)*infl(+1)/steady_inflation*y(+1)/y;
[name='resources']
c = y*(1 - cost/2*(infl/steady_inflation - 1)^2);
[name='interest rate rule']
r = r(-1)^rho_r*(steady_rate*(infl/steady_inflation)^psi_pi*(y/y(-1)*exp(z))^psi_y)^(1 - rho_r)*exp(e_r);
log(d) = rho_d*log(d(-1)) + e_d;
z = rho_z*z(-1) + e_z;
dy = trend + 100*(log(y/y(-1)) + z);
inflation = 400*log(infl);
rate = 400*log(r);
end;

steady_state_model;
d = 1;
z = 0;
infl = 1 + target/400;
r = (1 + patience/100)*infl*exp(trend/100);
c = 1;
y = 1;
dy = trend;
inflation = 400*log(infl);
rate = 400*log(r);
end;

shocks;
var e_d; stderr 0.02;
var e_z; stderr 0.006;
var e_r; stderr 0.0015;
var dy; stderr 0.15;
var inflation; stderr 0.25;
var rate; stderr 0.2;
end;

varobs dy inflation rate;

estimated_params;
patience, 0.4, 0.05, 1, gamma_pdf, 0.4, 0.15;
trend, 0.5, 0.2, 0.8, normal_pdf, 0.5, 0.1;
target, 2.5, 1, 4, gamma_pdf, 2.5, 0.5;
theta, 2, 1, 4, gamma_pdf, 2, 0.4;
cost, 80, 30, 160, gamma_pdf, 80, 20;
psi_pi, 1.8, 1.2, 3, gamma_pdf, 1.8, 0.25;
psi_y, 0.3, 0.05, 1, gamma_pdf, 0.3, 0.15;
rho_r, 0.75, 0.4, 0.92, beta_pdf, 0.75, 0.1;
rho_d, 0.85, 0.5, 0.97, beta_pdf, 0.8, 0.1;
rho_z, 0.3, 0.02, 0.8, beta_pdf, 0.3, 0.15;
stderr e_d, 0.02, 0.005, 0.06, inv_gamma_pdf, 0.02, inf;
stderr e_z, 0.006, 0.002, 0.012, inv_gamma_pdf, 0.006, inf;
stderr e_r, 0.0015, 0.0005, 0.004, inv_gamma_pdf, 0.0015, inf;
end;

steady;
check;
stoch_simul(order=1, irf=0, noprint, nograph);
estimation(datafile='prices.csv', order=2);
