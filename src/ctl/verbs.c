/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verbs.c: the table of verbs. */

#include "ctl/verbs.h"

#include <glib/gi18n.h>
#include <string.h>

const Verb verbs[] = {
    {"status", FAMILY_MODELS, "", 0, 0, 0, N_("Show the state of the service and of this coach"),
     N_("Leaves with 1 when the health is not ok."), verb_status},
    {"models", FAMILY_MODELS, "", 0, 0, OPTIONS_CHOOSE | OPTIONS_FULL,
     N_("List the coach models that are known"),
     N_("With --match, --year or --vin those that may be your coach. Models whose year nobody knows come after the others. "
        "DATA says how sure the facts are: verified in such a coach, after one owner's map (one-owner), derived from "
        "similar coaches, or generic. The VIN stays on this machine. Leaves with 4 when nothing is found. Example:\n\n"
        "    coachiqctl models --match \"entegra aspire\" --year 2019..2021"),
     verb_models},
    {"import", FAMILY_MODELS, N_("MODEL|FILE"), 1, 1,
     OPTIONS_WRITE | OPTIONS_REASON | OPTIONS_FORCE | OPTIONS_MERGE | OPTIONS_YES | OPTIONS_FULL |
         OPTIONS_DRY_RUN,
     N_("Bring in a model that ships, or a file"),
     N_("MODEL is one that ships; one that is imported already stays as it is, edits included. What has a slash in it, ends "
        "in .yml, .yaml or .json, or is “-” for standard input, is a FILE, YAML or JSON. Of a coach that is not known it "
        "becomes a model, called like the file unless --model says otherwise. Of one that is known it is another release: "
        "what it brings is shown and merged with your edits as “update” does. One that “export --edits” wrote brings edits, "
        "which are shown first. On a terminal it asks before it writes, with --dry-run it writes nothing, and “undo” takes it back. Example:\n\n"
        "    coachiqctl import ./my-coach.yml --model 2021_Entegra_Aspire_44R"),
     verb_import},
    {"export", FAMILY_MODELS, N_("[MODEL]"), 0, 1,
     OPTIONS_FORMAT | OPTIONS_EXPORT | OPTIONS_OUTPUT | OPTIONS_FORCE,
     N_("Write a model, or its edits, to a file"),
     N_("The whole coach file with your edits in it, or with --edits these alone; “import” takes either. It goes to standard "
        "output, or with --output to FILE, which is readable to you alone; an existing one stays unless --force is given. "
        "Example:\n\n"
        "    coachiqctl export --edits --output my-edits.yml"),
     verb_export},
    {"remove", FAMILY_MODELS, N_("MODEL"), 1, 1, OPTIONS_WRITE | OPTIONS_EDIT | OPTIONS_YES,
     N_("Take a model out of the database, edits included"),
     N_("It shows what goes and asks; without a terminal it needs --yes. The active model needs --force. “undo” brings it "
        "back with its edits."),
     verb_remove},
    {"diff", FAMILY_MODELS, N_("FROM TO"), 2, 2, OPTIONS_FULL, N_("Show how two configurations differ"),
     N_("FROM and TO are models, files as in “import”, or changes: “12” is the model as it was right after change 12, "
        "“MODEL@12” another model. Leaves with 0 when they say the same and 1 when they differ; 2 when the command line is "
        "wrong or one of them cannot be had, 3 to 5 as elsewhere. Examples:\n\n"
        "    coachiqctl diff 2021_Entegra_Aspire_44R ./my-coach.yml\n"
        "    coachiqctl diff 12 15"),
     verb_diff},
    {"activate", FAMILY_MODELS, N_("MODEL|--none"), 0, 1, OPTIONS_WRITE | OPTIONS_NONE,
     N_("Say which model this coach is"), N_("With --none no model is active any more."), verb_activate},
    {"migrate", FAMILY_MODELS, "", 0, 0,
     OPTIONS_WRITE | OPTIONS_REASON | OPTIONS_YES | OPTIONS_FULL | OPTIONS_MIGRATE,
     N_("Take over what an old, file-based installation has"),
     N_("Coach files with the changes that you made in them, patches, names, CAN interfaces and which coach it is, from the "
        "places and variables of the old system. It shows what it will do and asks; without a terminal it needs --yes or "
        "--dry-run. The old files are only read, all is one change that “undo” takes back, and a second run does nothing. "
        "With --root nothing outside of DIR is read but FILE, and variables of this shell do not count. Leaves with 1 when "
        "all was refused, and with 4 when there is no old installation. Example:\n\n"
        "    coachiqctl migrate --root /media/old-card --dry-run"),
     verb_migrate},
    {"interface", FAMILY_MODELS, N_("[LOGICAL [PHYSICAL]]"), 0, 2, OPTIONS_WRITE | OPTIONS_FORCE,
     N_("Show the CAN interfaces, or assign one"),
     N_("LOGICAL is the name in the coach file, “house”; PHYSICAL the network interface, “can0”. An empty PHYSICAL, '', "
        "takes the assignment away. Where the coach file lists the interfaces that it allows, --force assigns others."),
     verb_interface},

    {"show", FAMILY_COMPONENTS, N_("[PATH]"), 0, 1, OPTIONS_FULL,
     N_("List the components, or show one with its edits"),
     N_("PATH is a component; a section (“devices”) lists what is in it. A device may be named alone, “porch_light” for "
        "“devices/porch_light”, and so may anything else whose last part is unique. Lines that were edited end in who "
        "did it and the vendor's value, as a comment."),
     verb_show},
    {"get", FAMILY_COMPONENTS, N_("PATH [FIELD]"), 1, 2, 0, N_("Print the value of a field, for scripts"),
     N_("A text is printed as it is, anything else, and everything with --json, as JSON. Without FIELD the whole component is "
        "printed. FIELD is a JSON Pointer, its first slash may be left out: “friendly_name”, “protocol_metadata/"
        "firefly_zone_id”, “bindings/1FEDB:25/status_dgn”."),
     verb_get},
    {"find", FAMILY_COMPONENTS, N_("[TEXT]"), 0, 1, OPTIONS_FIND | OPTIONS_FULL, N_("Find components"),
     N_("All that is asked must match. Leaves with 4 when nothing does."), verb_find_components},
    {"lookup", FAMILY_COMPONENTS, N_("DGN INSTANCE"), 1, 2, OPTIONS_FULL,
     N_("Say which device a frame on the bus is about"),
     N_("DGN is hexadecimal, INSTANCE 0 to 255; “1FEDA:25” is the same as “1FEDA 25”. Devices at the DGN's “default” "
        "instance stand in where none has this instance. Leaves with 4 when there is none."),
     verb_lookup},
    {"explain", FAMILY_COMPONENTS, N_("PATH [FIELD]"), 1, 2, OPTIONS_FULL,
     N_("Say where each field comes from"),
     N_("The layer that won, the vendor's value, and who edited it when. Works for a deleted component too."),
     verb_explain},
    {"validate", FAMILY_COMPONENTS, "", 0, 0, OPTIONS_FULL, N_("Check the configuration against its rules"),
     N_("Leaves with 1 when there is an error; warnings are none."), verb_validate},

    {"set", FAMILY_EDITS, N_("PATH FIELD VALUE"), 3, 3, OPTIONS_WRITE | OPTIONS_EDIT | OPTIONS_VALUE,
     N_("Set a field"),
     N_("VALUE is taken for what stands there now, or what the vendor has: a text takes any VALUE as text; true or false "
        "also yes, no, on, off; a number, a list and a map want one in JSON. A new field takes JSON if VALUE reads as "
        "JSON, else text. --string and --json-value say which, and can make another kind of value of it. The field is "
        "yours from then on: updates leave it alone until “reset”. Example:\n\n"
        "    coachiqctl set bedroom_ceiling_light friendly_name \"Reading nook\""),
     verb_set},
    {"unset", FAMILY_EDITS, N_("PATH FIELD"), 2, 2, OPTIONS_WRITE | OPTIONS_EDIT, N_("Remove a field"),
     N_("The vendor's field is hidden, “reset” brings it back."), verb_unset},
    {"reset", FAMILY_EDITS, N_("PATH [FIELD]"), 1, 2, OPTIONS_WRITE | OPTIONS_EDIT,
     N_("Go back to the vendor's value"),
     N_("Without FIELD all edits of the component are dropped, and a deleted one comes back."), verb_reset},
    {"put", FAMILY_EDITS, N_("PATH [DATA]"), 1, 2, OPTIONS_WRITE | OPTIONS_EDIT,
     N_("Replace or add a whole component"),
     N_("DATA is a JSON object; without it, or with “-”, it is read from standard input. PATH is taken as it is. "
        "Example:\n\n"
        "    coachiqctl get lighting_scenes/evening > scene.json\n"
        "    coachiqctl put lighting_scenes/movie < scene.json"),
     verb_put},
    {"delete", FAMILY_EDITS, N_("PATH"), 1, 1, OPTIONS_WRITE | OPTIONS_EDIT, N_("Remove a component"),
     N_("“reset” brings one of the vendor's back. One that you added is gone for good, except in the history: "
        "“coachiqctl history PATH --json” still has it."),
     verb_delete},
    {"edit", FAMILY_EDITS, N_("[PATH]"), 0, 1,
     OPTIONS_WRITE | OPTIONS_EDIT | OPTIONS_YES | OPTIONS_FULL | OPTIONS_FORMAT | OPTIONS_FILE,
     N_("Edit a component, or all devices as a table, in your editor"),
     N_("Without PATH, or with “devices”, it is the table. The editor is what VISUAL or EDITOR names. What you changed is "
        "shown, and written as one change once you say yes; without a terminal that takes --yes. What has an error, or what "
        "the service refuses, goes back to the editor with the reason at its top. Text that is not written is kept in a "
        "file, and --file goes on with it. Example:\n\n"
        "    VISUAL=nano coachiqctl edit bedroom_ceiling_light"),
     verb_edit},

    {"updates", FAMILY_UPDATES, "", 0, 0, OPTIONS_FULL, N_("List the imported models that have an update"),
     N_("An update is a bundled coach file that says something else than the imported one."), verb_updates},
    {"preview", FAMILY_UPDATES, N_("[MODEL]"), 0, 1, OPTIONS_MERGE | OPTIONS_FULL,
     N_("Show what an update would do, and write nothing"),
     N_("First what stands in the way, with the option that lifts it; then what needs a decision, with the option for each "
        "choice; then the rest in short, which --full lists one by one. PATH and FIELD are as in “get”; FIELD “/” is the "
        "component as a whole, or all of its fields that need a decision. Example:\n\n"
        "    coachiqctl preview --take porch_light friendly_name --set sink_light area galley"),
     verb_preview},
    {"update", FAMILY_UPDATES, N_("[MODEL|--all]"), 0, 1,
     OPTIONS_WRITE | OPTIONS_REASON | OPTIONS_MERGE | OPTIONS_APPLY | OPTIONS_FULL,
     N_("Bring a model to the bundled coach file; edits stay"),
     N_("On a terminal it asks about each item that needs a decision, unless --policy decides, and once more before it "
        "writes. With --yes or --json, and without a terminal, nobody is asked. PATH and FIELD are as in “preview”. With --all "
        "and --only-clean, for timers, a model that needs a person is left as it is. Example:\n\n"
        "    coachiqctl update --take porch_light friendly_name --policy=keep-mine"),
     verb_update},

    {"changes", FAMILY_HISTORY, "", 0, 0, OPTIONS_PAGE | OPTIONS_KIND | OPTIONS_FULL,
     N_("List the changes, newest first"), N_("With --model only those of that model."), verb_changes},
    {"history", FAMILY_HISTORY, N_("[PATH]"), 0, 1, OPTIONS_PAGE | OPTIONS_FULL,
     N_("Show what was edited, field by field, newest first"),
     N_("Of one component, else of the whole model."), verb_history},
    {"undo", FAMILY_HISTORY, N_("CHANGE"), 1, 1, OPTIONS_WRITE | OPTIONS_EDIT, N_("Take a change back"),
     N_("CHANGE is its number. An undo is a change too, so it can be undone. What somebody changed since stays as it is and is "
        "listed; --force takes that back as well."),
     verb_undo},
    {"retention", FAMILY_HISTORY, "", 0, 0, OPTIONS_WRITE | OPTIONS_RETENTION | OPTIONS_YES,
     N_("Show or set how much of the past is kept"),
     N_("The newest changes are kept, and those of the last days, whichever is more. Older ones are pruned with the next change "
        "and cannot be undone any more. On a terminal it asks before less is kept."),
     verb_retention},
    {"verify", FAMILY_HISTORY, "", 0, 0, 0, N_("Check that nobody tampered with the history"),
     N_("Leaves with 1 when somebody did."), verb_verify},
    {"monitor", FAMILY_HISTORY, "", 0, 0, 0, N_("Print changes as they happen"),
     N_("Runs until it is interrupted. With --model only changes of that model; with --json one object a line."),
     verb_monitor},

    {"backup", FAMILY_BACKUPS, N_("[ID]"), 0, 1,
     OPTIONS_WRITE | OPTIONS_REASON | OPTIONS_OUTPUT | OPTIONS_FORCE,
     N_("Make a backup, or copy one to a file"),
     N_("A backup is of everything, the history too. It stays until you delete it. With --output it is copied to FILE as "
        "well; with ID that one is copied and none is made. FILE is readable to you alone, and an existing one stays unless "
        "--force is given. Example:\n\n"
        "    coachiqctl backup --reason \"before the trip\" --output /media/stick/coach.db"),
     verb_backup},
    {"backups", FAMILY_BACKUPS, "", 0, 0, OPTIONS_FULL, N_("List the backups, newest first"),
     N_("Automatic ones are made before an update, a restore and a factory reset; the newest of them are kept, as "
        "“retention” says."),
     verb_backups},
    {"delete-backup", FAMILY_BACKUPS, N_("ID"), 1, 1, OPTIONS_WRITE, N_("Delete a backup"),
     N_("ID is as “backups” lists it."), verb_delete_backup},
    {"restore", FAMILY_BACKUPS, N_("ID|--file"), 0, 1,
     OPTIONS_WRITE | OPTIONS_REASON | OPTIONS_FILE | OPTIONS_YES | OPTIONS_FULL,
     N_("Go back to a backup, with everything"),
     N_("ID is as “backups” lists it; with --file the backup is a file that “backup --output” wrote. All models, edits and "
        "settings become what they were. The history stays: a restore is one more change, and “undo” takes it back. It "
        "shows what was made since and asks; without a terminal it needs --yes."),
     verb_restore},
    {"factory-reset", FAMILY_BACKUPS, N_("[SCOPE]"), 0, 1,
     OPTIONS_WRITE | OPTIONS_REASON | OPTIONS_YES | OPTIONS_FULL, N_("Drop all edits, or those in a part"),
     N_("SCOPE is a section (“devices”) or a component; without it the whole model is as the vendor's file says. “undo” "
        "takes it back. It shows what would be dropped and asks; without a terminal it needs --yes."),
     verb_factory_reset},

    {"dgn", FAMILY_RUNTIME, N_("DGN"), 1, 1, OPTIONS_FULL, N_("Describe a data group of RV-C"),
     N_("DGN is hexadecimal, “1FEDA”. A scale of “?” is one that no source says; then only the raw value is known."),
     verb_dgn},
    {"dgns", FAMILY_RUNTIME, N_("[NAME]"), 0, 1, OPTIONS_DGNS | OPTIONS_FULL, N_("List data groups of RV-C"),
     N_("Those whose name contains NAME, else all."), verb_dgns},
    {"resources", FAMILY_RUNTIME, "", 0, 0, OPTIONS_FULL, N_("List the files that ship with the service"),
     NULL, verb_resources},
    {"resource", FAMILY_RUNTIME, N_("NAME"), 1, 1, 0, N_("Write such a file to standard output"),
     N_("Example:\n\n    coachiqctl resource rvc.json > rvc.json"), verb_resource},
    {"complete", FAMILY_HIDDEN, "SHELL WORD…", 2, UINT_MAX, 0,
     "Say how a command line can go on, for a shell", NULL, verb_complete},
    {"help", FAMILY_RUNTIME, N_("[VERB]"), 0, 1, 0, N_("Show help"), NULL, verb_help},
    {0},
};

const Verb *verb_find(const char *name)
{
    for (const Verb *verb = verbs; verb->name; verb++) {
        if (strcmp(verb->name, name) == 0)
            return verb;
    }
    return NULL;
}

/* What means something else to a verb than to the others that take it. */
static const struct {
    const char *verb, *option, *help;
} own_helps[] = {
    {"interface", "force", N_("Also assign an interface that the coach file does not list")},
    {"undo", "force", N_("Also take back what was changed since")},
    {"backup", "force", N_("Also overwrite FILE")},
    {"export", "force", N_("Also overwrite FILE")},
    {"remove", "force", N_("Also remove the active model")},
    {"edit", "file", N_("Go on with a text that “edit” kept in FILE")},
    {"import", "yes", N_("Ask nothing; the policy decides")},
    {"update", "yes", N_("Ask nothing; the policy decides")},
};

const char *verb_option_help(const Verb *verb, const OptionSpec *spec)
{
    for (size_t i = 0; verb && i < G_N_ELEMENTS(own_helps); i++) {
        if (strcmp(own_helps[i].verb, verb->name) == 0 && strcmp(own_helps[i].option, spec->name) == 0)
            return own_helps[i].help;
    }
    return spec->help;
}
