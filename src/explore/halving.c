/* SPDX-License-Identifier: Apache-2.0 */
/* Which points a rung leaves: docs/explore.md, "Few images first".  One is dropped only where an interval says so: where
 * it breaks a constraint at either end of its own, or another one is as good in all prices and better in the error by more
 * than both intervals. */
#include <math.h>

#include "explore/explore_impl.h"

/* Acklam's rational approximation of the quantile of the normal distribution, for p > 0.97575. */
static double upper_normal(double p)
{
    const double q = sqrt(-2 * log(1 - p));
    const double top =
        ((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838) * q -
          2.549732539343734) *
             q +
         4.374664141464968) *
            q +
        2.938163982698783;
    const double below =
        (((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996) * q +
         3.754408661907416) *
            q +
        1;
    return -top / below;
}

/* By bisection of the distribution's upper tail below that. */
static double normal(double p)
{
    double low = 0, high = 8;
    if (p > 0.97575)
        return upper_normal(p);
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;
        if (0.5 * erfc(-middle / sqrt(2)) < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

/* Student's t below which p lies: exact for one and two degrees, else Abramowitz and Stegun 26.7.5. */
static double student(double p, size_t n)
{
    const double v = (double)n, z = normal(p), z2 = z * z;
    if (n == 1)
        return tan(3.141592653589793 * (p - 0.5));
    if (n == 2)
        return (2 * p - 1) * sqrt(2 / (4 * p * (1 - p)));
    const double g1 = z * (z2 + 1) / 4, g2 = z * ((5 * z2 + 16) * z2 + 3) / 96;
    const double g3 = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
    return z + g1 / v + g2 / (v * v) + g3 / (v * v * v);
}

/* Of the error that all images and programmings would tell: what other images may add (Wilson), and other programmings. */
static mho_interval interval_of(const explore_point *p, size_t images, double confidence)
{
    const mho_spread *e = &p->error.spread;
    const double tail = 1 - (1 - confidence) / 2, z = normal(tail), z2 = z * z, n = (double)images;
    const double middle = (e->mean + z2 / (2 * n)) / (1 + z2 / n);
    const double half = z / (1 + z2 / n) * sqrt(e->mean * (1 - e->mean) / n + z2 / (4 * n * n));
    const double spread =
        e->trials > 1 ? student(tail, e->trials - 1) * e->std / sqrt((double)e->trials) : 0;
    const double all = sqrt(half * half + spread * spread);
    return (mho_interval){fmax(0, middle - all), fmin(1, middle + all)};
}

static mho_summary with_error(const mho_summary *sum, double error)
{
    mho_summary v = *sum;
    v.error = error;
    return v;
}

/* Not at either end, nor where it is: as the constraints are told of a rising error. */
static bool is_out(const mho_explore *x, const explore_point *p, mho_interval in)
{
    const mho_summary low = with_error(&p->sum, in.low), high = with_error(&p->sum, in.high);
    return x->constraints && !mhoi_explore_keeps(x, &low, true) &&
           !mhoi_explore_keeps(x, &high, true) && !mhoi_explore_keeps(x, &p->sum, true);
}

static bool is_in(const mho_explore *x, const explore_point *p, mho_interval in)
{
    const mho_summary low = with_error(&p->sum, in.low), high = with_error(&p->sum, in.high);
    return mhoi_explore_keeps(x, &low, true) && mhoi_explore_keeps(x, &high, true);
}

static bool is_of_error(const explore_objective *o)
{
    return o->axis == SIZE_MAX && mhoi_explore_result_is_error(o->result);
}

/* Is a better than b in all objectives, with the errors of these summaries?  Errors are to be strictly better. */
static bool beats_surely(const mho_explore *x, const explore_point *a, const mho_summary *of_a,
                         const explore_point *b, const mho_summary *of_b)
{
    bool error = false;
    for (size_t i = 0; i < x->objectives; i++) {
        const explore_objective *o = &x->objective[i];
        const double va = mhoi_explore_value(x, o, of_a, a->choice),
                     vb = mhoi_explore_value(x, o, of_b, b->choice);
        if (is_of_error(o) && o->most)
            return false; /* nobody wants that, and its ends are not told */
        if (isnan(va) || isnan(vb) || (is_of_error(o) ? !(va < vb) : o->most ? va < vb : va > vb))
            return false;
        error = error || is_of_error(o);
    }
    return error;
}

bool mhoi_explore_beats(const mho_explore *x, const explore_point *a, const explore_point *b)
{
    bool better = false;
    for (size_t i = 0; i < x->objectives; i++) {
        const explore_objective *o = &x->objective[i];
        const double va = mhoi_explore_value(x, o, &a->sum, a->choice),
                     vb = mhoi_explore_value(x, o, &b->sum, b->choice);
        if (isnan(va) || (o->most ? va < vb : va > vb))
            return false;
        better = better || isnan(vb) || (o->most ? va > vb : va < vb);
    }
    return better;
}

static bool is_beaten(const mho_explore *x, size_t first, const explore_point *p,
                      const mho_summary *low, const explore_rung *rung)
{
    for (size_t i = first; i < x->points; i++) {
        const explore_point *q = &x->point[i];
        if (q == p || q->state != EXPLORE_PRICED)
            continue;
        const mho_interval in = interval_of(q, rung->images, x->confidence);
        const mho_summary high = with_error(&q->sum, in.high);
        if (beats_surely(x, q, &high, p, low) && is_in(x, q, in))
            return true;
    }
    return false;
}

void mhoi_explore_halve(mho_explore *x, size_t first, size_t rung)
{
    for (size_t i = first; i < x->points; i++) {
        explore_point *p = &x->point[i];
        if (p->state != EXPLORE_PRICED)
            continue;
        const mho_interval in = interval_of(p, x->rung[rung].images, x->confidence);
        const mho_summary low = with_error(&p->sum, in.low);
        if (!is_out(x, p, in) && !is_beaten(x, first, p, &low, &x->rung[rung]))
            continue;
        p->state = EXPLORE_DROPPED;
        p->stored = false;
        x->drops++;
    }
}
