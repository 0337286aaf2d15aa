// SPDX-License-Identifier: LGPL-2.1-or-later
/* legacy-toml.cc: toml++ behind a C function: no exception leaves this file. */

#include "ctl/legacy-toml.h"

#include <glib/gi18n.h>

#include <exception>
#include <string>
#include <string_view>

#include <toml++/toml.h>

namespace
{

char *copy(std::string_view text)
{
    return g_strndup(text.data(), text.size());
}

/* Keeps the first problem. */
void complain(LegacyToml &toml, const toml::node &node, const char *what)
{
    const toml::source_position place = node.source().begin;

    if (toml.problem == nullptr)
        toml.problem = g_strdup_printf(_("line %u, column %u: %s"), static_cast<unsigned>(place.line),
                                       static_cast<unsigned>(place.column), what);
}

void read_model(LegacyToml &toml, const toml::node &node)
{
    if (const auto *text = node.as_string(); text != nullptr)
        toml.default_model = copy(text->get());
    else
        complain(toml, node, _("default_model is no text; write the id of a model in quotes"));
}

void read_table(LegacyToml &toml, const toml::table &table)
{
    toml.interfaces = g_ptr_array_new_with_free_func(g_free);
    for (const auto &[logical, physical] : table) {
        const auto *text = physical.as_string();

        if (text == nullptr) {
            complain(toml, physical, _("A network interface is no text; write its name in quotes"));
            continue;
        }
        g_ptr_array_add(toml.interfaces, copy(logical.str()));
        g_ptr_array_add(toml.interfaces, copy(text->get()));
    }
}

void read_interfaces(LegacyToml &toml, const toml::node &node)
{
    if (const auto *table = node.as_table(); table != nullptr)
        read_table(toml, *table);
    else if (const auto *text = node.as_string(); text != nullptr)
        toml.interfaces_text = copy(text->get());
    else
        complain(toml, node, _("interface_mappings is no table; write { house = \"can0\" }"));
}

void read_document(LegacyToml &toml, const toml::table &document)
{
    if (const toml::node *model = document["coach"]["default_model"].node(); model != nullptr)
        read_model(toml, *model);
    if (const toml::node *interfaces = document["can"]["interface_mappings"].node(); interfaces != nullptr)
        read_interfaces(toml, *interfaces);
}

void fail(GError **error, const toml::parse_error &problem)
{
    const toml::source_position place = problem.source().begin;
    const std::string what{problem.description()};

    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, _("line %u, column %u: %s"),
                static_cast<unsigned>(place.line), static_cast<unsigned>(place.column), what.c_str());
}

} // namespace

bool legacy_toml_parse(LegacyToml *toml, const char *text, size_t length, GError **error)
{
    *toml = LegacyToml{};
    try {
        read_document(*toml, toml::parse(std::string_view{text, length}));
        return true;
    } catch (const toml::parse_error &problem) {
        fail(error, problem);
    } catch (const std::exception &problem) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, _("It cannot be read: %s"), problem.what());
    }
    return false;
}

void legacy_toml_clear(LegacyToml *toml)
{
    g_clear_pointer(&toml->default_model, g_free);
    g_clear_pointer(&toml->interfaces_text, g_free);
    g_clear_pointer(&toml->interfaces, g_ptr_array_unref);
    g_clear_pointer(&toml->problem, g_free);
}
