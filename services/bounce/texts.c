#include "services/bounce/texts.h"

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"

static struct {
    struct bounce_templates templates;
    char *expanded[BOUNCE_TEMPLATE_COUNT]; /* made when first needed, since that may log warnings */
} texts;

void bounce_texts_open(void)
{
    struct str why = {0};

    bounce_template_init(&texts.templates);
    if (*conf.bounce_template_file != 0 &&
        !bounce_template_load(&texts.templates, conf.bounce_template_file, &why))
        log_warn("%s -- using the built-in templates", str_text(&why));
    str_done(&why);
}

const struct bounce_template *bounce_texts_template(enum bounce_template_kind kind)
{
    return &texts.templates.of[kind];
}

static void use_built_in(enum bounce_template_kind kind)
{
    struct bounce_templates built_in = {0};

    bounce_template_init(&built_in);
    texts.templates.of[kind] = built_in.of[kind];
}

const char *bounce_texts_expanded(enum bounce_template_kind kind)
{
    struct str text = {0}, why = {0};

    if (texts.expanded[kind] != NULL)
        return texts.expanded[kind];
    if (!bounce_template_expand(bounce_texts_template(kind), &text, &why)) {
        log_warn("%s -- using the built-in template", str_text(&why));
        use_built_in(kind);
        str_clear(&text);
        bounce_template_expand(bounce_texts_template(kind), &text, &why);
    }
    texts.expanded[kind] = mem_strdup(str_text(&text));
    str_done(&text);
    str_done(&why);
    return texts.expanded[kind];
}
