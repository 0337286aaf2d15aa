/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* yaml.c: YAML text to a value. libyaml makes events of the text; here they become values, with a stack of
 * the open containers instead of recursion. */

#include "base/yaml.h"

#include <math.h>
#include <string.h>
#include <yaml.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml-advice.h"

const YamlLimits yaml_limits_default = {.size = 8 * 1024 * 1024, .depth = 64, .nodes = 1000000};

enum {
    EXPANSION = 8, /* how many times the limit the text, and the entries that merges look at, may be */
};

typedef struct Anchor {
    Value *value; /* NULL while the container is open, and for a merge key */
    char *text;   /* of a scalar, as written, for an alias that stands as a key */
    bool merge;   /* a "<<" key */
    size_t height;
    ValueSize size;
} Anchor;

/* A container that is open. */
typedef struct Frame {
    Value *container;
    bool list;
    Value **place;     /* in a map: where the value of the last key goes */
    bool merge;        /* in a map: the last key was "<<" */
    GPtrArray *merges; /* the maps, and lists of maps, to merge at the end; NULL if none */
    size_t anchor;     /* index + 1; 0 if the container has none */
    size_t height;     /* of the highest item so far; a scalar has 0 */
    ValueSize before;  /* of the document when the container was opened */
} Frame;

/* What the next node is, by where it stands. */
typedef enum Role {
    ROLE_ROOT,
    ROLE_ITEM,
    ROLE_KEY,
    ROLE_VALUE,
    ROLE_MERGE,
} Role;

typedef struct Reader {
    yaml_parser_t parser;
    const char *text;
    size_t length;
    const YamlLimits *limits;
    GArray *frames;      /* of Frame */
    GArray *anchors;     /* of Anchor */
    Value *anchor_names; /* a map to indexes, whose keys nobody can make collide */
    Value *root;
    size_t documents;
    ValueSize size;
    size_t merged; /* entries that merges have looked at */
    GError **error;
} Reader;

/* ---- Errors ---- */

static bool G_GNUC_PRINTF(4, 5)
    fail(Reader *reader, yaml_mark_t mark, ConfigError code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(reader->error, CONFIG_ERROR, code, "line %zu, column %zu: %s", mark.line + 1,
                mark.column + 1, what);
    return false;
}

/* The place of a byte that libyaml could not decode; it gives no position then. In UTF-16 a unit has two
 * bytes; the byte order mark counts for nothing. */
static yaml_mark_t mark_of_offset(const Reader *reader, size_t offset)
{
    yaml_mark_t mark = {.index = offset};
    yaml_encoding_t encoding = reader->parser.encoding;
    size_t step = encoding == YAML_UTF16LE_ENCODING || encoding == YAML_UTF16BE_ENCODING ? 2 : 1;
    size_t low = encoding == YAML_UTF16BE_ENCODING ? 1 : 0;

    for (size_t i = 0; i + step <= MIN(offset, reader->length); i += step) {
        unsigned byte = (unsigned char) reader->text[i + low];
        unsigned high = step == 2 ? (unsigned char) reader->text[i + 1 - low] : 0;
        bool continued = step == 2 ? high >= 0xdc && high <= 0xdf : (byte & 0xc0) == 0x80;

        if (byte == '\n' && high == 0) {
            mark.line++;
            mark.column = 0;
        } else if (!continued) {
            mark.column++;
        }
    }
    bool marked = step == 2 || (reader->length >= 3 && memcmp(reader->text, "\xef\xbb\xbf", 3) == 0);
    if (marked && mark.line == 0 && mark.column > 0)
        mark.column--;
    return mark;
}

/* The byte at a place, which libyaml counts in characters; NUL where it cannot be told. */
static char byte_at(const Reader *reader, yaml_mark_t mark)
{
    const char *at = reader->text, *end = reader->text + reader->length;

    if (reader->parser.encoding != YAML_UTF8_ENCODING)
        return '\0';
    if (reader->length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    for (size_t i = 0; i < mark.index && at < end; i++)
        at = g_utf8_next_char(at);
    return at < end ? *at : '\0';
}

static bool fail_syntax(Reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem ? parser->problem : "not YAML";
    bool undecoded = parser->error == YAML_READER_ERROR;
    yaml_mark_t mark = undecoded ? mark_of_offset(reader, parser->problem_offset) : parser->problem_mark;
    const char *advice = yaml_advice(problem, undecoded ? '\0' : byte_at(reader, mark));
    g_autoptr(GString) what = g_string_new(problem);

    if (parser->error == YAML_MEMORY_ERROR)
        return fail(reader, parser->mark, CONFIG_ERROR_TOO_LARGE, "out of memory");
    if (!undecoded && parser->context)
        g_string_append_printf(what, ", %s that starts at line %zu, column %zu", parser->context,
                               parser->context_mark.line + 1, parser->context_mark.column + 1);
    if (advice)
        g_string_append_printf(what, "; %s", advice);
    return fail(reader, mark, CONFIG_ERROR_INVALID_FILE, "%s", what->str);
}

/* ---- Bounds ---- */

static bool fail_size(Reader *reader, yaml_mark_t mark)
{
    if (reader->size.nodes > reader->limits->nodes)
        return fail(reader, mark, CONFIG_ERROR_TOO_LARGE,
                    "more than %zu values, aliases expanded; repeat less", reader->limits->nodes);
    return fail(reader, mark, CONFIG_ERROR_TOO_LARGE,
                "more than %zu bytes of text, aliases expanded; repeat less",
                reader->limits->size * EXPANSION);
}

static inline bool charge(Reader *reader, ValueSize more, yaml_mark_t mark)
{
    reader->size.nodes += more.nodes;
    reader->size.bytes += more.bytes;
    if (reader->size.nodes > reader->limits->nodes || reader->size.bytes > reader->limits->size * EXPANSION)
        return fail_size(reader, mark);
    return true;
}

/* `height` is that of a value about to stand inside the open containers. */
static bool check_depth(Reader *reader, size_t height, yaml_mark_t mark)
{
    if (reader->frames->len + height > reader->limits->depth)
        return fail(reader, mark, CONFIG_ERROR_TOO_LARGE,
                    "nested deeper than %zu levels, aliases expanded; nest less", reader->limits->depth);
    return true;
}

/* ---- Scalars ---- */

typedef enum Kind {
    KIND_TEXT,
    KIND_NULL,
    KIND_TRUE,
    KIND_FALSE,
    KIND_BOOLEAN, /* by its tag */
    KIND_INTEGER,
    KIND_REAL,
    KIND_MERGE,
    KIND_UNKNOWN,
} Kind;

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

static bool only(const char *text, const char *characters)
{
    return *text && text[strspn(text, characters)] == '\0';
}

/* YAML 1.1, type "int", as PyYAML's resolver has it, without the sexagesimals. */
static bool is_integer(const char *text)
{
    text += *text == '-' || *text == '+';
    if (strcmp(text, "0") == 0)
        return true;
    if (text[0] == '0' && text[1] == 'b')
        return only(text + 2, "01_");
    if (text[0] == '0' && text[1] == 'x')
        return only(text + 2, "0123456789abcdefABCDEF_");
    if (text[0] == '0')
        return only(text + 1, "01234567_");
    return g_ascii_isdigit(*text) && only(text, "0123456789_");
}

/* YAML 1.1, type "float", as PyYAML's resolver has it, without the sexagesimals: a point is needed, an
 * exponent needs its sign, and ".5" has none before it. */
static bool is_real(const char *text)
{
    static const char *const special[] = {".inf", ".Inf", ".INF", NULL};
    static const char *const not_a_number[] = {".nan", ".NaN", ".NAN", NULL};
    const char *at = text + (*text == '-' || *text == '+');

    if (is_one_of(at, special) || is_one_of(text, not_a_number))
        return true;
    if (*text == '.' && g_ascii_isdigit(text[1])) {
        at = text + 1;
    } else {
        if (!g_ascii_isdigit(*at))
            return false;
        at += strspn(at, "0123456789_");
        if (*at++ != '.')
            return false;
    }
    at += strspn(at, "0123456789_");
    if (*at == '\0')
        return true;
    return (at[0] == 'e' || at[0] == 'E') && (at[1] == '-' || at[1] == '+') && only(at + 2, "0123456789");
}

/* What a plain scalar without a tag is. */
static Kind plain_kind(const char *text)
{
    static const char *const yes[] = {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", NULL};
    static const char *const no[] = {"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", NULL};
    static const char *const null[] = {"", "~", "null", "Null", "NULL", NULL};

    switch (*text) {
    case '0' ... '9':
    case '+':
    case '-':
    case '.':
        return is_integer(text) ? KIND_INTEGER : is_real(text) ? KIND_REAL : KIND_TEXT;
    case 'y':
    case 'Y':
    case 't':
    case 'T':
        return is_one_of(text, yes) ? KIND_TRUE : KIND_TEXT;
    case 'f':
    case 'F':
        return is_one_of(text, no) ? KIND_FALSE : KIND_TEXT;
    case 'o':
    case 'O':
        return is_one_of(text, yes) ? KIND_TRUE : is_one_of(text, no) ? KIND_FALSE : KIND_TEXT;
    case 'n':
    case 'N':
        return is_one_of(text, no) ? KIND_FALSE : is_one_of(text, null) ? KIND_NULL : KIND_TEXT;
    case '\0':
    case '~':
        return is_one_of(text, null) ? KIND_NULL : KIND_TEXT;
    case '<':
        return strcmp(text, "<<") == 0 ? KIND_MERGE : KIND_TEXT;
    default:
        return KIND_TEXT;
    }
}

/* Dates are text; so is "=", which YAML 1.1 calls a default value. */
static Kind tag_kind(const char *tag)
{
    static const struct {
        const char *tag;
        Kind kind;
    } tags[] = {
        {YAML_STR_TAG, KIND_TEXT},
        {YAML_INT_TAG, KIND_INTEGER},
        {YAML_FLOAT_TAG, KIND_REAL},
        {YAML_BOOL_TAG, KIND_BOOLEAN},
        {YAML_NULL_TAG, KIND_NULL},
        {YAML_TIMESTAMP_TAG, KIND_TEXT},
        {"tag:yaml.org,2002:merge", KIND_MERGE},
        {"tag:yaml.org,2002:value", KIND_TEXT},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(tags); i++)
        if (strcmp(tag, tags[i].tag) == 0)
            return tags[i].kind;
    return KIND_UNKNOWN;
}

static bool is_tagged(const yaml_char_t *tag)
{
    return tag && strcmp((const char *) tag, "!") != 0;
}

static Kind scalar_kind(const yaml_event_t *event)
{
    const char *text = (const char *) event->data.scalar.value;

    if (is_tagged(event->data.scalar.tag))
        return tag_kind((const char *) event->data.scalar.tag);
    /* A lone "!" makes libyaml call even a quoted scalar plain, and a missing one not; PyYAML takes both so.
     */
    if (event->data.scalar.plain_implicit || event->data.scalar.tag)
        return plain_kind(text);
    return KIND_TEXT;
}

static char *without_underscores(const char *text)
{
    GString *plain = g_string_sized_new(strlen(text));

    for (; *text; text++)
        if (*text != '_')
            g_string_append_c(plain, *text);
    return g_string_free(plain, FALSE);
}

typedef enum Conversion {
    CONVERTED,
    MALFORMED,
    OUT_OF_RANGE,
} Conversion;

/* Digits as Python's int(text, base) reads them: space around, one sign, and the base's prefix may be there.
 */
static Conversion digits_from(const char *text, unsigned base, bool negative, int64_t *integer)
{
    static const char space[] = " \t\n\r\f\v";
    uint64_t magnitude = 0;

    text += strspn(text, space);
    negative ^= *text == '-';
    text += *text == '-' || *text == '+';
    char prefix = base == 16 ? 'x' : base == 8 ? 'o' : base == 2 ? 'b' : '\0';
    if (prefix && text[0] == '0' && g_ascii_tolower(text[1]) == prefix)
        text += 2;

    size_t count = 0;
    bool overflow = false;
    for (int digit; (digit = g_ascii_xdigit_value(text[count])) >= 0 && digit < (int) base; count++)
        overflow |= __builtin_mul_overflow(magnitude, (uint64_t) base, &magnitude) ||
                    __builtin_add_overflow(magnitude, (uint64_t) digit, &magnitude);
    if (count == 0 || text[count + strspn(text + count, space)] != '\0')
        return MALFORMED;
    if (overflow || magnitude > (uint64_t) INT64_MAX + negative)
        return OUT_OF_RANGE;
    *integer = negative ? (int64_t) -magnitude : (int64_t) magnitude;
    return CONVERTED;
}

/* As PyYAML constructs an "int" of whatever text: base by "0b", "0x" or a leading "0". */
static Conversion integer_from(const char *text, int64_t *integer)
{
    g_autofree char *copy = without_underscores(text);
    const char *plain = copy;
    bool negative = *plain == '-';

    plain += *plain == '-' || *plain == '+';
    if (g_str_has_prefix(plain, "0b"))
        return digits_from(plain + 2, 2, negative, integer);
    if (g_str_has_prefix(plain, "0x"))
        return digits_from(plain + 2, 16, negative, integer);
    if (*plain == '0')
        return digits_from(plain, 8, negative, integer);
    return digits_from(plain, 10, negative, integer);
}

/* As PyYAML constructs a "float" of whatever text: a sign, then what Python's float() reads. */
static Conversion real_from(const char *text, double *real)
{
    static const char space[] = " \t\n\r\f\v", digits[] = "0123456789";
    g_autofree char *copy = without_underscores(text);
    const char *plain = copy;
    bool negative = *plain == '-';

    plain += *plain == '-' || *plain == '+';
    if (g_ascii_strcasecmp(plain, ".inf") == 0 || g_ascii_strcasecmp(plain, ".nan") == 0)
        return OUT_OF_RANGE;
    plain += strspn(plain, space);

    const char *at = plain + (*plain == '-' || *plain == '+');
    size_t whole = strspn(at, digits), fraction = 0;
    at += whole;
    if (*at == '.') {
        fraction = strspn(++at, digits);
        at += fraction;
    }
    if (whole + fraction == 0)
        return MALFORMED;
    if (*at == 'e' || *at == 'E') {
        at += 1 + (at[1] == '-' || at[1] == '+');
        if (!g_ascii_isdigit(*at))
            return MALFORMED;
        at += strspn(at, digits);
    }
    if (at[strspn(at, space)] != '\0')
        return MALFORMED;
    *real = g_ascii_strtod(plain, NULL) * (negative ? -1 : 1);
    return isfinite(*real) ? CONVERTED : OUT_OF_RANGE;
}

static Value *fail_scalar(Reader *reader, const yaml_event_t *event, const char *format)
{
    g_autofree char *quoted = json_quote((const char *) event->data.scalar.value);

    g_set_error(reader->error, CONFIG_ERROR, CONFIG_ERROR_INVALID_FILE, "line %zu, column %zu: %s %s",
                event->start_mark.line + 1, event->start_mark.column + 1, quoted, format);
    return NULL;
}

static Value *new_integer(Reader *reader, const yaml_event_t *event)
{
    int64_t integer;

    switch (integer_from((const char *) event->data.scalar.value, &integer)) {
    case CONVERTED:
        return value_new_integer(integer);
    case MALFORMED:
        return fail_scalar(reader, event, "is not an integer; put it in quotes to have it as text");
    case OUT_OF_RANGE:
        return fail_scalar(reader, event, "does not fit into 64 bits; put it in quotes to have it as text");
    }
    g_assert_not_reached();
}

static Value *new_real(Reader *reader, const yaml_event_t *event)
{
    double real;

    switch (real_from((const char *) event->data.scalar.value, &real)) {
    case CONVERTED:
        return value_new_real(real);
    case MALFORMED:
        return fail_scalar(reader, event, "is not a number; put it in quotes to have it as text");
    case OUT_OF_RANGE:
        return fail_scalar(reader, event,
                           "is not a finite number; use null, or put it in quotes to have it as text");
    }
    g_assert_not_reached();
}

static Value *new_boolean(Reader *reader, const yaml_event_t *event)
{
    g_autofree char *text = g_ascii_strdown((const char *) event->data.scalar.value, -1);
    Kind kind = plain_kind(text);

    if (kind != KIND_TRUE && kind != KIND_FALSE)
        return fail_scalar(reader, event, "is not a boolean; write true or false");
    return value_new_boolean(kind == KIND_TRUE);
}

static Value *new_unknown(Reader *reader, const yaml_event_t *event)
{
    g_autofree char *tag = json_quote((const char *) event->data.scalar.tag);

    fail(reader, event->start_mark, CONFIG_ERROR_INVALID_FILE,
         "the tag %s is unknown or has no meaning here; leave it out, or put the text in quotes", tag);
    return NULL;
}

static Value *new_scalar(Reader *reader, const yaml_event_t *event, Kind kind)
{
    switch (kind) {
    case KIND_TEXT:
        return value_new_string_len((const char *) event->data.scalar.value, event->data.scalar.length);
    case KIND_NULL:
        return value_new_null();
    case KIND_TRUE:
        return value_new_boolean(true);
    case KIND_FALSE:
        return value_new_boolean(false);
    case KIND_BOOLEAN:
        return new_boolean(reader, event);
    case KIND_INTEGER:
        return new_integer(reader, event);
    case KIND_REAL:
        return new_real(reader, event);
    case KIND_MERGE:
        return fail_scalar(reader, event,
                           "is the merge key and cannot be a value; put it in quotes to have it as text");
    case KIND_UNKNOWN:
        return new_unknown(reader, event);
    }
    g_assert_not_reached();
}

/* Positions beyond 32 bits cannot be: the size of a text is bounded far below. */
static void set_position(Value *value, yaml_mark_t mark)
{
    value_set_position(value, (uint32_t) mark.line + 1, (uint32_t) mark.column + 1);
}

/* ---- The open containers ---- */

static Frame *top_frame(const Reader *reader)
{
    guint length = reader->frames->len;

    return length > 0 ? &g_array_index(reader->frames, Frame, length - 1) : NULL;
}

static Role next_role(const Reader *reader)
{
    const Frame *frame = top_frame(reader);

    if (!frame)
        return ROLE_ROOT;
    if (frame->list)
        return ROLE_ITEM;
    return frame->place ? ROLE_VALUE : frame->merge ? ROLE_MERGE : ROLE_KEY;
}

static bool fail_complex_key(Reader *reader, yaml_mark_t mark)
{
    return fail(reader, mark, CONFIG_ERROR_INVALID_FILE,
                "a key is a text, not a list or a map; put it in quotes if it is meant as one");
}

static bool fail_merge(Reader *reader, const Value *value, yaml_mark_t mark)
{
    return fail(
        reader, mark, CONFIG_ERROR_INVALID_FILE,
        "\"<<\" merges a map or a list of maps, this is of type %s; name an anchored map, like \"<<: *name\"",
        value_type_name(value_type(value)));
}

/* Merges must not take long where they add nothing either. */
static bool charge_merge(Reader *reader, size_t entries, yaml_mark_t mark)
{
    reader->merged += entries + 1;
    if (reader->merged > reader->limits->nodes * EXPANSION)
        return fail(reader, mark, CONFIG_ERROR_TOO_LARGE,
                    "the merges go over more than %zu entries; merge less",
                    reader->limits->nodes * EXPANSION);
    return true;
}

/* Keeps what "<<" names, until the map is complete and its explicit keys are known. */
static bool add_merge(Reader *reader, Frame *frame, Value *value, yaml_mark_t mark)
{
    g_autoptr(Value) source = value;

    if (!value_is_map(source) && !value_is_list(source))
        return fail_merge(reader, source, mark);
    if (!charge_merge(reader, value_is_list(source) ? value_length(source) : 0, mark))
        return false;
    VALUE_FOREACH_ITEM (item, source)
        if (!value_is_map(item))
            return fail_merge(reader, item, mark);
    if (!frame->merges)
        frame->merges = g_ptr_array_new_with_free_func((GDestroyNotify) value_unref);
    g_ptr_array_add(frame->merges, g_steal_pointer(&source));
    frame->merge = false;
    return true;
}

/* Puts a value where it belongs; takes it over. Never called where a key is due. */
static bool add_value(Reader *reader, Value *value, size_t height, yaml_mark_t mark)
{
    Frame *frame = top_frame(reader);

    switch (next_role(reader)) {
    case ROLE_ROOT:
        reader->root = value;
        return true;
    case ROLE_ITEM:
        value_list_take(&frame->container, value);
        break;
    case ROLE_VALUE:
        *frame->place = value;
        frame->place = NULL;
        break;
    case ROLE_MERGE:
        /* The entries of what is merged rise by a level, or by two out of a list. */
        height -= MIN(height, value_is_list(value) ? 2 : 1);
        if (!add_merge(reader, frame, value, mark))
            return false;
        break;
    case ROLE_KEY:
        g_assert_not_reached();
    }
    frame->height = MAX(frame->height, height);
    return true;
}

/* A key as written. */
static bool add_key(Reader *reader, const char *text, bool merge, yaml_mark_t mark)
{
    Frame *frame = top_frame(reader);
    size_t length = strlen(text);

    if (merge) {
        frame->merge = true;
        return true;
    }
    frame->place = value_map_add(&frame->container, text, length);
    if (!frame->place) {
        g_autofree char *quoted = json_quote(text);
        return fail(reader, mark, CONFIG_ERROR_INVALID_FILE,
                    "duplicate key %s; it stands above already: remove one, or join the two", quoted);
    }
    return charge(reader, (ValueSize){.bytes = length}, mark);
}

/* Merges one map into another that is complete, and charges for what comes in. */
static bool merge_map(Reader *reader, Value **map, const Value *source, yaml_mark_t mark)
{
    size_t before = value_length(*map);

    if (!charge_merge(reader, value_length(source), mark))
        return false;
    value_map_merge(map, source);
    value_map_measure(*map, before, &reader->size, reader->limits->nodes);
    return charge(reader, (ValueSize){0}, mark);
}

/* Explicit keys win; then the last "<<"; in a list, the first map. */
static bool apply_merges(Reader *reader, Frame *frame, yaml_mark_t mark)
{
    for (guint i = frame->merges ? frame->merges->len : 0; i > 0; i--) {
        const Value *source = g_ptr_array_index(frame->merges, i - 1);

        if (value_is_map(source) && !merge_map(reader, &frame->container, source, mark))
            return false;
        VALUE_FOREACH_ITEM (item, source)
            if (!merge_map(reader, &frame->container, item, mark))
                return false;
    }
    return true;
}

/* ---- Anchors ---- */

/* Makes an anchor for a node that starts here. `index` is set to its index + 1, or to 0 without a name.
 * PyYAML too refuses a name that comes twice. */
static bool add_anchor(Reader *reader, const yaml_char_t *name, yaml_mark_t mark, size_t *index)
{
    Anchor anchor = {0};

    *index = 0;
    if (!name)
        return true;
    Value **place = value_map_add(&reader->anchor_names, (const char *) name, strlen((const char *) name));
    if (!place) {
        g_autofree char *quoted = json_quote((const char *) name);
        return fail(reader, mark, CONFIG_ERROR_INVALID_FILE,
                    "the anchor %s is defined twice; rename one of them", quoted);
    }
    *place = value_new_integer(reader->anchors->len);
    g_array_append_val(reader->anchors, anchor);
    *index = reader->anchors->len;
    return true;
}

static Anchor *anchor_at(const Reader *reader, size_t index)
{
    return &g_array_index(reader->anchors, Anchor, index - 1);
}

static Anchor *find_anchor(Reader *reader, const yaml_event_t *event)
{
    const char *name = (const char *) event->data.alias.anchor;
    const Value *index = value_map_get(reader->anchor_names, name);
    g_autofree char *quoted = NULL;

    if (!index) {
        quoted = json_quote(name);
        fail(
            reader, event->start_mark, CONFIG_ERROR_INVALID_FILE,
            "no anchor %s stands before this alias; put \"&%s\" above, or a text that starts with \"*\" in quotes",
            quoted, name);
        return NULL;
    }
    Anchor *anchor = anchor_at(reader, (size_t) value_integer(index) + 1);
    if (!anchor->value && !anchor->merge) {
        quoted = json_quote(name);
        fail(reader, event->start_mark, CONFIG_ERROR_INVALID_FILE,
             "cyclic: the alias %s stands inside of what it names; write out what is meant", quoted);
        return NULL;
    }
    return anchor;
}

static void anchor_clear(void *data)
{
    Anchor *anchor = data;

    value_unref(anchor->value);
    g_free(anchor->text);
}

/* ---- Events ---- */

static bool take_key(Reader *reader, const yaml_event_t *event)
{
    const char *text = (const char *) event->data.scalar.value;
    Kind kind = scalar_kind(event);
    size_t index;

    if (kind == KIND_UNKNOWN) {
        new_unknown(reader, event);
        return false;
    }
    if (!add_anchor(reader, event->data.scalar.anchor, event->start_mark, &index))
        return false;
    if (index > 0) {
        Anchor *anchor = anchor_at(reader, index);
        anchor->merge = kind == KIND_MERGE;
        anchor->text = g_strdup(text);
        anchor->size = (ValueSize){.nodes = 1, .bytes = strlen(text)};
        anchor->value = anchor->merge ? NULL : new_scalar(reader, event, kind);
        if (!anchor->merge && !anchor->value)
            return false;
        if (anchor->value)
            set_position(anchor->value, event->start_mark);
    }
    return add_key(reader, text, kind == KIND_MERGE, event->start_mark);
}

static bool take_scalar(Reader *reader, const yaml_event_t *event)
{
    const char *text = (const char *) event->data.scalar.value;
    size_t length = event->data.scalar.length;
    size_t index;

    if (memchr(text, '\0', length))
        return fail(reader, event->start_mark, CONFIG_ERROR_INVALID_FILE,
                    "a text cannot hold the NUL character; leave it out");
    if (text_find_noncharacter(text, length))
        return fail(reader, event->start_mark, CONFIG_ERROR_INVALID_FILE,
                    "a text cannot hold a Unicode noncharacter; leave it out");
    if (next_role(reader) == ROLE_KEY)
        return take_key(reader, event);
    if (!charge(reader, (ValueSize){.nodes = 1, .bytes = length}, event->start_mark) ||
        !add_anchor(reader, event->data.scalar.anchor, event->start_mark, &index))
        return false;

    Value *value = new_scalar(reader, event, scalar_kind(event));
    if (!value)
        return false;
    set_position(value, event->start_mark);
    if (index > 0)
        *anchor_at(reader, index) = (Anchor){
            .value = value_ref(value),
            .text = g_strdup(text),
            .size = {.nodes = 1, .bytes = length},
        };
    return add_value(reader, value, 0, event->start_mark);
}

static bool take_alias(Reader *reader, const yaml_event_t *event)
{
    Anchor *anchor = find_anchor(reader, event);
    Role role = next_role(reader);

    if (!anchor)
        return false;
    if (role == ROLE_KEY)
        return anchor->text ? add_key(reader, anchor->text, anchor->merge, event->start_mark)
                            : fail_complex_key(reader, event->start_mark);
    if (anchor->merge)
        return fail(reader, event->start_mark, CONFIG_ERROR_INVALID_FILE,
                    "this alias names a merge key, which cannot be a value; name a map");
    /* What is merged is charged for when it is, and is not a level of its own. */
    size_t height = anchor->height - (role == ROLE_MERGE ? MIN(anchor->height, 1) : 0);
    if (!check_depth(reader, height, event->start_mark))
        return false;
    if (role != ROLE_MERGE && !charge(reader, anchor->size, event->start_mark))
        return false;
    return add_value(reader, value_ref(anchor->value), anchor->height, event->start_mark);
}

static bool open_frame(Reader *reader, Value *container, const yaml_event_t *event, const yaml_char_t *name,
                       const yaml_char_t *tag, const char *right_tag)
{
    Frame frame = {.container = container, .list = value_is_list(container), .before = reader->size};
    yaml_mark_t mark = event->start_mark;

    set_position(container, mark);
    bool ok = next_role(reader) != ROLE_KEY || fail_complex_key(reader, mark);
    if (ok && is_tagged(tag) && strcmp((const char *) tag, right_tag) != 0) {
        g_autofree char *quoted = json_quote((const char *) tag);
        ok = fail(reader, mark, CONFIG_ERROR_INVALID_FILE,
                  "the tag %s is unknown or has no meaning here; leave it out, or put the text in quotes",
                  quoted);
    }
    ok = ok && check_depth(reader, 1, mark) && charge(reader, (ValueSize){.nodes = 1}, mark) &&
         add_anchor(reader, name, mark, &frame.anchor);
    if (ok)
        g_array_append_val(reader->frames, frame);
    else
        value_unref(container);
    return ok;
}

static void frame_clear(void *data)
{
    Frame *frame = data;

    value_unref(frame->container);
    if (frame->merges)
        g_ptr_array_unref(frame->merges);
}

static bool close_frame(Reader *reader)
{
    Frame *frame = top_frame(reader);
    yaml_mark_t mark = {.line = value_line(frame->container) - 1,
                        .column = value_column(frame->container) - 1};

    if (!apply_merges(reader, frame, mark))
        return false;

    Value *container = g_steal_pointer(&frame->container);
    size_t height = frame->height + 1;
    if (frame->anchor > 0)
        *anchor_at(reader, frame->anchor) = (Anchor){
            .value = value_ref(container),
            .height = height,
            .size = {.nodes = reader->size.nodes - frame->before.nodes,
                     .bytes = reader->size.bytes - frame->before.bytes},
        };
    g_array_set_size(reader->frames, reader->frames->len - 1);
    return add_value(reader, container, height, mark);
}

static bool take_event(Reader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++reader->documents > 1)
            return fail(
                reader, event->start_mark, CONFIG_ERROR_INVALID_FILE,
                "a second document starts here; a file has one, so remove what follows or the \"---\"");
        return true;
    case YAML_SCALAR_EVENT:
        return take_scalar(reader, event);
    case YAML_ALIAS_EVENT:
        return take_alias(reader, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_frame(reader, value_new_list(), event, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag, YAML_SEQ_TAG);
    case YAML_MAPPING_START_EVENT:
        return open_frame(reader, value_new_map(), event, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag, YAML_MAP_TAG);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_frame(reader);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return true;
    }
    g_assert_not_reached();
}

static bool read_events(Reader *reader)
{
    for (bool done = false; !done;) {
        yaml_event_t event;

        if (!yaml_parser_parse(&reader->parser, &event))
            return fail_syntax(reader);
        bool ok = take_event(reader, &event);
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (!ok)
            return false;
    }
    return true;
}

static void reader_clear(Reader *reader)
{
    yaml_parser_delete(&reader->parser);
    g_array_unref(reader->frames);
    g_array_unref(reader->anchors);
    value_unref(reader->anchor_names);
    value_unref(reader->root);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_clear)

Value *yaml_parse(const char *text, size_t length, const YamlLimits *limits, GError **error)
{
    g_auto(Reader) reader = {
        .text = text,
        .length = length,
        .limits = limits,
        .frames = g_array_new(FALSE, FALSE, sizeof(Frame)),
        .anchors = g_array_new(FALSE, FALSE, sizeof(Anchor)),
        .anchor_names = value_new_map(),
        .error = error,
    };
    yaml_mark_t start = {0};

    g_array_set_clear_func(reader.frames, frame_clear);
    g_array_set_clear_func(reader.anchors, anchor_clear);
    if (length > limits->size) {
        fail(&reader, start, CONFIG_ERROR_TOO_LARGE, "the file has %zu bytes; %zu are allowed", length,
             limits->size);
        return NULL;
    }
    if (!yaml_parser_initialize(&reader.parser)) {
        fail(&reader, start, CONFIG_ERROR_TOO_LARGE, "out of memory");
        return NULL;
    }
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *) (text ? text : ""), length);
    if (!read_events(&reader))
        return NULL;
    return reader.root ? g_steal_pointer(&reader.root) : value_new_null();
}
