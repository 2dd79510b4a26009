// The small New Keynesian model in logs, solved by perturbation of second order and filtered by Dynare 5.
// benchmarks/filters_dynare.py fills in what stands in angle brackets and writes observations.m.

var lc lpi lr ly lg z dy infl int;
varexo er eg ez;
parameters tau kappa psi1 psi2 rho_r rho_g rho_z r_a pi_a gamma_q sigma_r sigma_g sigma_z nu lgbar;
<parameters>
nu = 0.1;
lgbar = -log(0.85);

model;
# beta = 1/(1 + r_a/400);
# target = exp(pi_a/400);
# phi = tau*(1 - nu)/(nu*target^2*kappa);
# lrss = gamma_q/100 - log(beta) + pi_a/400;
1 = beta*exp(-tau*(lc(+1) - lc) + lr - gamma_q/100 - z(+1) - lpi(+1));
1 = (1 - exp(tau*lc))/nu + phi*(exp(lpi) - target)*((1 - 1/(2*nu))*exp(lpi) + target/(2*nu))
    - phi*beta*exp(-tau*(lc(+1) - lc) + ly(+1) - ly)*(exp(lpi(+1)) - target)*exp(lpi(+1));
lc = ly + log(exp(-lg) - phi/2*(exp(lpi) - target)^2);
lr = lrss + rho_r*(lr(-1) - lrss) + sigma_r/100*er
    + (1 - rho_r)*(psi1*(lpi - pi_a/400) + psi2*(ly - log(1 - nu)/tau - lg));
lg = (1 - rho_g)*lgbar + rho_g*lg(-1) + sigma_g/100*eg;
z = rho_z*z(-1) + sigma_z/100*ez;
dy = gamma_q + 100*(ly - ly(-1) + z);
infl = 400*lpi;
int = pi_a + r_a + 4*gamma_q + 400*(lr - lrss);
end;

steady_state_model;
lg = lgbar; z = 0; lc = log(1 - nu)/tau; ly = lc + lg; lpi = pi_a/400;
lr = gamma_q/100 + log(1 + r_a/400) + pi_a/400;
dy = gamma_q; infl = pi_a; int = pi_a + r_a + 4*gamma_q;
end;

shocks;
var er; stderr 1; var eg; stderr 1; var ez; stderr 1;
var dy; stderr <sd_dy>; var infl; stderr <sd_infl>; var int; stderr <sd_int>;
end;

varobs dy infl int;
estimated_params;
tau, <tau>, normal_pdf, <tau>, 0.5;
end;

// The first-order covariance of the states is singular, so they start from a simulated one
options_.particle.initialization = 2;
estimation(datafile='observations.m', order=2, mode_compute=0, mh_replic=0, cova_compute=0, nograph,
    nodisplay, filter_algorithm=<algorithm>, number_of_particles=<particles>);

[dataset_, dataset_info, xparam1, hh, M_, options_, oo_, estim_params_, bayestopt_, bounds] = ...
    dynare_estimation_init(var_list_, M_.fname, [], M_, options_, oo_, estim_params_, bayestopt_);
for seed = 1:<replications>
    set_dynare_seed(seed);
    start = cputime();
    objective = non_linear_dsge_likelihood(xparam1, dataset_, dataset_info, options_, M_, estim_params_, ...
        bayestopt_, bounds, oo_);
    seconds = cputime() - start;
    prior = priordens(xparam1, bayestopt_.pshape, bayestopt_.p6, bayestopt_.p7, bayestopt_.p3, bayestopt_.p4);
    printf('RESULT %.6f %.6f\n', seconds, -objective - prior);
end
