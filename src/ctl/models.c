/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* models.c: the list of models, and what they are called. */

#include "ctl/models.h"

Value *models_list(Ctl *ctl, sd_bus_error *error)
{
    g_autoptr(CallOptions) options = call_options_new();
    g_autoptr(Value) reply = ctl_call(ctl, error, "ListModels", "aa{sv}", options, "");

    return reply ? value_ref(value_list_item(reply, 0)) : NULL;
}

const Value *models_find(const Value *models, const char *id)
{
    VALUE_FOREACH_ITEM (model, models) {
        if (g_str_equal(dict_text(model, "Id"), id))
            return model;
    }
    return NULL;
}

const Value *models_active(const Value *models)
{
    VALUE_FOREACH_ITEM (model, models) {
        if (dict_flag(model, "Active"))
            return model;
    }
    return NULL;
}

char *models_title(const Value *model)
{
    static const char *const keys[] = {"Year", "Make", "Model", "Trim"};
    GString *title = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *part = dict_text(model, keys[i]);

        if (*part)
            g_string_append_printf(title, "%s%s", title->len > 0 ? " " : "", part);
    }
    return g_string_free(title, FALSE);
}
