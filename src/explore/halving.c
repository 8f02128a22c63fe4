/* SPDX-License-Identifier: Apache-2.0 */
/* Which points a rung leaves: docs/explore.md, "Few images first".  One is dropped only where an interval says so: where
 * it breaks a constraint at either end of its own, or another one is as good in all prices and better in the error by more
 * than both intervals; or where another one that was run in full beats it by prices. */
#include <math.h>
#include <string.h>

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

/* What all points of a rung tell of programmings: their variance as a multiple of the binomial one, as few programmings of
 * one point tell little (quasi-binomial; Pearson's estimate of the dispersion: McCullagh and Nelder 1989, 4.5). */
typedef struct pooled {
    double dispersion, degrees;
    size_t images;
} pooled;

static pooled pool(const mho_explore *x, size_t first, const explore_rung *rung)
{
    pooled all = {.images = rung->images};
    double sum = 0;
    for (size_t i = first; i < x->points; i++) {
        const explore_point *p = &x->point[i];
        const mho_spread *e = &p->error.spread;
        if (p->state != EXPLORE_PRICED || p->twin != i || e->trials < 2)
            continue;
        const size_t own = mhoi_bench_images(x->bench, mhoi_explore_set(x, p));
        const double n = (double)(rung->images < own ? rung->images : own);
        const double binomial = e->mean * (1 - e->mean) / n;
        if (binomial > 0) { /* else it knows nothing of the ratio */
            sum += (double)(e->trials - 1) * e->std * e->std / binomial;
            all.degrees += (double)(e->trials - 1);
        }
    }
    all.dispersion = all.degrees > 0 ? sum / all.degrees : 0;
    return all;
}

/* What `part` of `all` leaves open of their mean (finite population: Cochran 1977, 2.6). */
static double left_open(size_t part, size_t all)
{
    return part < all ? 1 - (double)part / (double)all : 0;
}

/* Of the error that all images and programmings of the search would tell: what the other images may add (Wilson), and the other
 * programmings: the pooled deviation, or the point's own where it is larger. */
static mho_interval interval_of(const mho_explore *x, const explore_point *p, const pooled *pool,
                                double confidence)
{
    const mho_spread *e = &p->error.spread;
    const size_t all_images = mhoi_bench_images(x->bench, mhoi_explore_set(x, p));
    const size_t images = pool->images < all_images ? pool->images : all_images;
    const double tail = 1 - (1 - confidence) / 2, z = normal(tail), z2 = z * z, n = (double)images;
    const double middle = (e->mean + z2 / (2 * n)) / (1 + z2 / n);
    const double half = z / (1 + z2 / n) * sqrt(e->mean * (1 - e->mean) / n + z2 / (4 * n * n));
    const double deviation = fmax(e->std, sqrt(pool->dispersion * middle * (1 - middle) / n));
    const double degrees = fmax(1, pool->degrees);
    const double spread = e->trials > 1 ? student(tail, (size_t)degrees) * deviation : 0;
    const double all = sqrt(half * half * left_open(images, all_images) +
                            spread * spread / (double)e->trials * left_open(e->trials, x->trials));
    const double at = e->mean + (middle - e->mean) * left_open(images, all_images);
    return (mho_interval){fmax(0, at - all), fmin(1, at + all)};
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

static bool is_of_prices(const explore_objective *o)
{
    const char *name = o->axis == SIZE_MAX ? mhoi_explore_result_name(o->result) : NULL;
    return name && !is_of_error(o) && strcmp(name, "cycles") != 0 && strcmp(name, "crossbars") != 0;
}

bool mhoi_explore_compares_prices(const mho_explore *x)
{
    bool prices = !x->objectives && !x->accuracy;
    for (size_t i = 0; i < x->objectives; i++)
        prices = prices || is_of_prices(&x->objective[i]);
    return prices;
}

static bool are_apart(const mho_explore *x, const explore_point *a, const explore_point *b)
{
    return a->relative != b->relative && mhoi_explore_compares_prices(x);
}

/* Is a better than b in all objectives, with the errors of these summaries?  Errors are to be strictly better. */
static bool beats_surely(const mho_explore *x, const explore_point *a, const mho_summary *of_a,
                         const explore_point *b, const mho_summary *of_b)
{
    bool error = false;
    if (are_apart(x, a, b))
        return false;
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
    if (are_apart(x, a, b))
        return false;
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

bool mhoi_explore_goes_by_prices(const mho_explore *x)
{
    for (size_t i = 0; i < x->objectives; i++)
        if (is_of_error(&x->objective[i]))
            return false;
    return x->objectives > 0;
}

/* With what q may be worse by and p better, square and add (Newcombe 1998, method 10), as their errors differ by at least. */
static mho_summary worse_by_both(const explore_point *q, mho_interval of_q, const explore_point *p,
                                 mho_interval of_p)
{
    return with_error(&q->sum,
                      q->sum.error + hypot(of_q.high - q->sum.error, p->sum.error - of_p.low));
}

static bool is_beaten(const mho_explore *x, size_t first, const explore_point *p, mho_interval of_p,
                      const pooled *pool)
{
    const bool prices = mhoi_explore_goes_by_prices(x);
    for (size_t i = first; i < x->points; i++) {
        const explore_point *q = &x->point[i];
        if (q == p || q->state != EXPLORE_PRICED || (prices && !mhoi_explore_beats(x, q, p)))
            continue;
        const mho_interval in = interval_of(x, q, pool, x->confidence);
        const mho_summary worse = worse_by_both(q, in, p, of_p);
        if ((prices || beats_surely(x, q, &worse, p, &p->sum)) && is_in(x, q, in))
            return true;
    }
    return false;
}

void mhoi_explore_halve(mho_explore *x, size_t first, size_t rung)
{
    const pooled all = pool(x, first, &x->rung[rung]);
    for (size_t i = first; i < x->points; i++) {
        explore_point *p = &x->point[i];
        if (p->state != EXPLORE_PRICED)
            continue;
        const mho_interval in = interval_of(x, p, &all, x->confidence);
        if (!is_out(x, p, in) && !is_beaten(x, first, p, in, &all))
            continue;
        p->state = EXPLORE_DROPPED;
        p->stored = false;
        x->drops++;
    }
}

bool mhoi_explore_is_beaten_by(const mho_explore *x, size_t first, size_t point,
                               explore_state state)
{
    for (size_t i = first; i < x->points; i++) {
        const explore_point *q = &x->point[i];
        if (q->state == state && mhoi_explore_beats(x, q, &x->point[point]) &&
            (state != EXPLORE_DONE || mhoi_explore_keeps(x, &q->sum, true)))
            return true;
    }
    return false;
}

void mhoi_explore_drop_beaten(mho_explore *x, size_t first)
{
    for (size_t i = first; i < x->points; i++) {
        explore_point *p = &x->point[i];
        if (p->state != EXPLORE_PRICED || !mhoi_explore_is_beaten_by(x, first, i, EXPLORE_DONE))
            continue;
        p->state = EXPLORE_DROPPED;
        p->stored = false;
        x->beaten++;
    }
}
