/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of feature maps: two maps that are both needed never share a buffer, and a deep network takes what its widest
 * cut holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chip/chip_impl.h"
#include "chip_nets.h"

/* `blocks` times conv - relu - conv, added to what went in; widths from `channels`. */
static mho_net *residual(dice *d, size_t blocks)
{
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){3, 9, 9};
    add_conv(&b, 6, 3, 1, 1, 1, false, false);
    for (size_t i = 0; i < blocks; i++) {
        const size_t from = b.nodes - 1;
        add_conv(&b, 2 + 2 * roll(d, 5), 3, 1, 1, 1, false, false);
        add_plain(&b, MHO_OP_RELU, "relu");
        add_conv(&b, 6, 3, 1, 1, 1, false, false);
        mho_node *add = add_node(&b, MHO_OP_ADD, "add", b.nodes - 1);
        add->inputs = 2;
        add->input[1] = from;
    }
    add_fc(&b, 4, false, false);
    mho_net *net = finish(&b);
    randomize(d, net);
    return net;
}

static size_t last_use(const mho_chip *chip, size_t map, size_t from)
{
    size_t last = from;
    for (size_t s = from; s < chip->steps; s++)
        if (chip->step[s].in == map || chip->step[s].in2 == map)
            last = s;
    return chip->scores_map == map ? chip->steps : last;
}

static void test_sharing(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 12; seed++) {
        dice d = {seed * 577 + 1};
        mho_net *net = residual(&d, 1 + seed);
        mho_images images = random_images(&d, net->node[0].out, 2);
        const opened hw = open_hw("cnn8", NULL);
        size_t widest = 0, held = 0;
        mho_chip *chip;
        must(mho_chip_open(net, hw.hw, &images, &chip));
        for (size_t s = 0; s < chip->steps; s++) {
            bool taken[64] = {false};
            size_t cut = 0;
            for (size_t m = 0; m < chip->maps; m++) {
                size_t born = 0; /* map 0 comes before all steps */
                while (m && born < chip->steps && chip->step[born].out != m)
                    born++;
                if (born > s || last_use(chip, m, born) < s)
                    continue;
                const chip_map *map = &chip->map[m];
                assert_true(map->buffer < chip->buffers && map->buffer < 64);
                assert_true(map->size <= chip->buffer[map->buffer]);
                assert_false(taken[map->buffer]);
                taken[map->buffer] = true;
                cut += map->size;
            }
            widest = cut > widest ? cut : widest;
        }
        for (size_t i = 0; i < chip->buffers; i++)
            held += chip->buffer[i];
        if (held < widest || held > widest + widest / 2)
            fail_msg("%zu blocks: %zu bytes held, the widest cut has %zu", 1 + (size_t)seed, held,
                     widest);
        mho_chip_destroy(chip);
        free_images(&images);
        mho_net_destroy(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sharing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
