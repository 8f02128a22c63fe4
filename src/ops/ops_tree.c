/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of decision trees: every tree leads a row of features to a leaf, whose weights count for targets or classes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/ml.h"

typedef enum mode { LEQ, LT, GTE, GT, EQ, NEQ, LEAF } mode;

typedef struct key {
    int64_t tree, node;
    size_t at; /* place in the file */
} key;

typedef struct node {
    mode mode;
    bool missing; /* a value that is no number goes to the first child */
    size_t feature, child[2];
    float value;
} node;

typedef struct forest {
    bool classes;
    size_t rows, features, nodes, weights, targets, trees;
    size_t distinct; /* classes that leaves weigh for */
    node *node;
    key *key, *leaf; /* sorted: of nodes, and of weights */
    size_t *root;
    const int64_t *target;
    const float *weight, *base;
    size_t bases;
    bool positive; /* all weights are 0 or more */
    mhoi_post post;
    char aggregate; /* S, A, M (min) or X (max) */
} forest;

static void drop(forest *f)
{
    mhoi_free(&f->node);
    mhoi_free(&f->key);
    mhoi_free(&f->leaf);
    mhoi_free(&f->root);
}

static int by_key(const void *a, const void *b)
{
    const key *p = a, *q = b;
    if (p->tree != q->tree)
        return p->tree < q->tree ? -1 : 1;
    if (p->node != q->node)
        return p->node < q->node ? -1 : 1;
    return p->at < q->at ? -1 : p->at > q->at;
}

/* The first of those of a tree's node; count: there is none. */
static size_t first_of(const key *list, size_t count, int64_t tree, int64_t of)
{
    size_t low = 0, high = count;
    const key want = {tree, of, 0};
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (by_key(&list[middle], &want) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && list[low].tree == tree && list[low].node == of ? low : count;
}

/* The attribute's numbers, as many as are wanted. */
static mho_status list_of(const mhoi_operation *op, const char *name, size_t want,
                          const int64_t **out)
{
    const size_t n = mhoi_attr_ints(op, name, out);
    return n == want ? MHO_OK
                     : mho_error(MHO_EFORMAT, "%s of %zu numbers, want %zu", name, n, want);
}

static mho_status make_keys(const mhoi_operation *op, const char *trees, const char *nodes,
                            size_t n, key **out)
{
    const int64_t *tree, *of;
    mho_status s = list_of(op, trees, n, &tree);
    if (!s)
        s = list_of(op, nodes, n, &of);
    if (!s)
        s = mhoi_alloc(out, n + 1, sizeof **out, op->name);
    for (size_t i = 0; !s && i < n; i++)
        (*out)[i] = (key){tree[i], of[i], i};
    if (!s && n)
        qsort(*out, n, sizeof **out, by_key);
    return s;
}

static mho_status mode_of(const char **at, mode *out)
{
    static const char *const names[] = {"BRANCH_LEQ", "BRANCH_LT",  "BRANCH_GTE", "BRANCH_GT",
                                        "BRANCH_EQ",  "BRANCH_NEQ", "LEAF"};
    const size_t length = strcspn(*at, " ");
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strlen(names[k]) == length && strncmp(names[k], *at, length) == 0) {
            *at += length + ((*at)[length] == ' ');
            *out = (mode)k;
            return MHO_OK;
        }
    return mho_error(MHO_ENOTMODELED, "mode '%.*s' of a node", (int)(length < 30 ? length : 30),
                     *at);
}

static mho_status make_nodes(const mhoi_operation *op, forest *f)
{
    const int64_t *feature, *yes, *no, *tree, *missing;
    const float *value;
    const char *modes = mhoi_attr_text(op, "nodes_modes", "");
    f->nodes = mhoi_attr_ints(op, "nodes_treeids", &tree);
    mho_status s = make_keys(op, "nodes_treeids", "nodes_nodeids", f->nodes, &f->key);
    if (!s)
        s = list_of(op, "nodes_featureids", f->nodes, &feature);
    if (!s)
        s = list_of(op, "nodes_truenodeids", f->nodes, &yes);
    if (!s)
        s = list_of(op, "nodes_falsenodeids", f->nodes, &no);
    if (!s && mhoi_ml_floats(op, "nodes_values", &value) != f->nodes)
        s = mho_error(MHO_EFORMAT, "nodes_values of other than %zu numbers", f->nodes);
    const size_t told = mhoi_attr_ints(op, "nodes_missing_value_tracks_true", &missing);
    if (!s)
        s = mhoi_alloc(&f->node, f->nodes + 1, sizeof *f->node, op->name);
    if (!s)
        s = mhoi_alloc(&f->root, f->nodes + 1, sizeof *f->root, op->name);
    for (size_t i = 0; !s && i < f->nodes; i++) {
        node *n = &f->node[i];
        const int64_t child[2] = {yes[i], no[i]};
        s = mode_of(&modes, &n->mode);
        n->value = value[i];
        n->missing = told == f->nodes && missing[i];
        if (i == 0 || tree[i] != tree[i - 1])
            f->root[f->trees++] = i;
        if (s || n->mode == LEAF)
            continue;
        if (feature[i] < 0 || feature[i] >= (int64_t)f->features)
            s = mho_error(MHO_EFORMAT, "feature %lld of %zu", (long long)feature[i], f->features);
        for (size_t k = 0; !s && k < 2; k++) {
            const size_t found = first_of(f->key, f->nodes, tree[i], child[k]);
            if (found == f->nodes)
                s = mho_error(MHO_EFORMAT, "tree %lld has no node %lld", (long long)tree[i],
                              (long long)child[k]);
            else
                n->child[k] = f->key[found].at;
        }
        n->feature = (size_t)feature[i];
    }
    return s;
}

static mho_status make_weights(const mhoi_operation *op, forest *f)
{
    const bool c = f->classes;
    bool *seen = NULL;
    f->weights = mhoi_ml_floats(op, c ? "class_weights" : "target_weights", &f->weight);
    mho_status s = make_keys(op, c ? "class_treeids" : "target_treeids",
                             c ? "class_nodeids" : "target_nodeids", f->weights, &f->leaf);
    if (!s)
        s = list_of(op, c ? "class_ids" : "target_ids", f->weights, &f->target);
    if (!s)
        s = mhoi_alloc(&seen, f->targets + 1, sizeof *seen, op->name);
    f->positive = true;
    for (size_t i = 0; !s && i < f->weights; i++) {
        if (f->target[i] < 0 || f->target[i] >= (int64_t)f->targets) {
            s = mho_error(MHO_EFORMAT, "target %lld of %zu", (long long)f->target[i], f->targets);
            break;
        }
        f->distinct += !seen[f->target[i]];
        seen[f->target[i]] = true;
        f->positive = f->positive && f->weight[i] >= 0;
    }
    mhoi_free(&seen);
    return s;
}

static mho_status forest_of(const mhoi_call *c, forest *f)
{
    const char *how = mhoi_attr_text(c->op, "aggregate_function", "SUM");
    *f = (forest){.classes = strcmp(c->op->op, "TreeEnsembleClassifier") == 0};
    const int64_t targets = mhoi_attr_int(c->op, "n_targets", 1);
    f->targets = f->classes ? mhoi_ml_labels(c->op).count : (size_t)(targets > 0 ? targets : 0);
    f->aggregate = strcmp(how, "MIN") == 0 ? 'M' : strcmp(how, "MAX") == 0 ? 'X' : how[0];
    f->bases = mhoi_ml_floats(c->op, "base_values", &f->base);
    mho_status s = mhoi_ml_rows(c, &f->rows, &f->features);
    if (!s)
        s = mhoi_ml_post(c->op, &f->post);
    if (!s && (!f->targets || f->targets > (size_t)INT32_MAX || !strchr("SAMX", f->aggregate)))
        s = mho_error(MHO_EFORMAT, "%zu targets, aggregate_function %s", f->targets, how);
    if (!s)
        s = make_nodes(c->op, f);
    if (!s)
        s = make_weights(c->op, f);
    if (!s && f->bases && f->classes && f->targets == 2)
        s = mho_error(MHO_ENOTMODELED,
                      "base_values of two classes, which runtimes count in two ways");
    if (!s && !f->classes && f->targets == 1 && f->post != POST_NONE)
        s = mho_error(MHO_ENOTMODELED, "post_transform of one target, which runtimes leave out");
    if (!s && f->bases && f->bases != f->targets)
        s = mho_error(MHO_EFORMAT, "%zu base_values of %zu targets", f->bases, f->targets);
    return s;
}

static bool holds(const node *n, float x)
{
    if (isnan(x))
        return n->missing;
    switch (n->mode) {
    case LEQ:
        return x <= n->value;
    case LT:
        return x < n->value;
    case GTE:
        return x >= n->value;
    case GT:
        return x > n->value;
    case EQ:
        return x == n->value;
    default:
        return x != n->value;
    }
}

static void count_weight(const forest *f, double weight, bool first, double *score)
{
    if (f->aggregate == 'M')
        *score = first ? weight : fmin(*score, weight);
    else if (f->aggregate == 'X')
        *score = first ? weight : fmax(*score, weight);
    else
        *score += weight;
}

/* Scores of a row; met: whether a target had a weight. */
static mho_status walk(const mhoi_call *c, const forest *f, size_t row, double *score, bool *met)
{
    const int64_t *tree, *of;
    (void)mhoi_attr_ints(c->op, "nodes_treeids", &tree);
    (void)mhoi_attr_ints(c->op, "nodes_nodeids", &of);
    memset(score, 0, f->targets * sizeof *score);
    memset(met, 0, f->targets * sizeof *met);
    for (size_t t = 0; t < f->trees; t++) {
        size_t at = f->root[t], steps = 0;
        while (f->node[at].mode != LEAF) {
            const node *n = &f->node[at];
            if (steps++ > f->nodes)
                return mho_error(MHO_EFORMAT, "tree %lld goes in circles", (long long)tree[at]);
            at = n->child[!holds(
                n, (float)mho_array_number(c->in[0], row * f->features + n->feature))];
        }
        for (size_t k = first_of(f->leaf, f->weights, tree[at], of[at]);
             k < f->weights && f->leaf[k].tree == tree[at] && f->leaf[k].node == of[at]; k++) {
            const size_t i = f->leaf[k].at, target = (size_t)f->target[i];
            count_weight(f, (double)f->weight[i], !met[target], &score[target]);
            met[target] = true;
        }
    }
    for (size_t k = 0; k < f->targets; k++) {
        if (f->aggregate == 'A')
            score[k] /= (double)f->trees;
        if (f->bases == f->targets)
            score[k] += (double)f->base[k];
    }
    return MHO_OK;
}

static mho_status tree_shape(mhoi_call *c)
{
    forest f;
    mho_status s = forest_of(c, &f);
    if (!s)
        s = f.classes ? mhoi_ml_shape(c, f.rows, f.targets)
                      : mhoi_out(c, 0, MHO_TYPE_FLOAT, 2, (const size_t[]){f.rows, f.targets});
    drop(&f);
    return s;
}

/* Leaves that weigh for one of two classes tell both apart.  Weights for the first class are a score of the second, too: what
 * is left of 1 where none is below 0, else its opposite (as onnxruntime has it). */
static size_t choose_of_two(const forest *f, double *score)
{
    const double x = score[f->target[0]];
    if (f->target[0] == 1) {
        mhoi_ml_transform(f->post, 2, score);
    } else {
        score[1] = f->post == POST_LOGISTIC ? mhoi_ml_logistic(x) : x;
        score[0] = f->post == POST_LOGISTIC ? mhoi_ml_logistic(-x) : f->positive ? 1 - x : -x;
    }
    return x > (f->positive ? 0.5 : 0);
}

static mho_status tree_run(mhoi_call *c)
{
    forest f;
    double *score = NULL;
    bool *met = NULL;
    const mhoi_labels labels = mhoi_ml_labels(c->op);
    mho_status s = forest_of(c, &f);
    if (!s)
        s = mhoi_alloc(&score, f.targets, sizeof *score, c->op->name);
    if (!s)
        s = mhoi_alloc(&met, f.targets, sizeof *met, c->op->name);
    const bool two = f.classes && f.targets == 2 && f.distinct == 1;
    for (size_t r = 0; !s && r < f.rows; r++) {
        s = walk(c, &f, r, score, met);
        if (s)
            break;
        const size_t chosen = two ? choose_of_two(&f, score) : mhoi_ml_largest(f.targets, score);
        if (!two)
            mhoi_ml_transform(f.post, f.targets, score);
        if (f.classes)
            mhoi_ml_give(c, r, &labels, chosen, f.targets, score);
        for (size_t k = 0; !f.classes && k < f.targets; k++)
            ((float *)c->out[0].data)[r * f.targets + k] = (float)score[k];
    }
    mhoi_free(&met);
    mhoi_free(&score);
    drop(&f);
    return s;
}

#define NODES                                                                                      \
    "nodes_treeids nodes_nodeids nodes_featureids nodes_values nodes_hitrates nodes_modes "        \
    "nodes_truenodeids nodes_falsenodeids nodes_missing_value_tracks_true base_values "            \
    "aggregate_function "
const mhoi_operator mhoi_ops_tree[] = {
    {"TreeEnsembleRegressor", MHOI_ML, 1, 1, 1,
     NODES "post_transform n_targets target_treeids target_nodeids target_ids target_weights ",
     tree_shape, tree_run},
    {"TreeEnsembleClassifier", MHOI_ML, 1, 1, 2,
     NODES MHOI_ML_LABELS "class_treeids class_nodeids class_ids class_weights ", tree_shape,
     tree_run},
    {0}};
