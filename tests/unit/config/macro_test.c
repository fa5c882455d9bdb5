#include "config/macro.h"

#include "tests/unit/test.h"

/* What the cases may name. "u" is not there. */
static const char *look_up(void *context, const char *name)
{
    static const struct {
        const char *name, *value;
    } values[] = {{"a", "A"}, {"b", "B"}, {"c", "C"}, {"e", ""}, {"_x", "under"}, {"1a", "one"}, {"m", "$a"}};

    (void) context;
    for (size_t i = 0; i < ARRAY_SIZE(values); i++)
        if (strcmp(values[i].name, name) == 0)
            return values[i].value;
    return NULL;
}

static const struct {
    const char *text, *want;
} good[] = {
    {"", ""},
    {"plain", "plain"},
    {"$u", ""},
    {"[$u]", "[]"},
    {"$m", "$a"}, /* values are not expanded again: the lookup does that, or must not */
    {"$a", "A"},
    {"${a}", "A"},
    {"$(a)", "A"},
    {"${ a }", "A"},
    {"$( a )", "A"},
    {"$a.b", "A.b"},
    {"$a-b", "A-b"},
    {"$$a", "$a"},
    {"$$$a", "$A"},
    {"${ }", ""},
    {"${a?yes}", "yes"},
    {"${a:no}", ""},
    {"${e?yes}", ""},
    {"${e:no}", "no"},
    {"${u?yes}", ""},
    {"${u:no}", "no"},
    {"${a?{yes}:{no}}", "yes"},
    {"${e?{yes}:{no}}", "no"},
    {"${a?{yes}:no}", "yes"},
    {"${e?{yes}:no}", "no"},
    {"${a?yes:no}", "yes:no"},
    {"${e?yes:no}", ""},
    {"${a? yes }", " yes "},
    {"${e: no }x", " no x"},
    {"${a?{ yes }}x", " yes x"},
    {"${a ? {yes} : {no}}", "yes"},
    {"${e ? {yes} : {no}}", "no"},
    {"${a ? yes : no }x", " yes : no x"},
    {"${a?{yes}:{no} }x", "yesx"},
    {"${e:{yes}}", "yes"},
    {"${a?${b}}", "B"},
    {"${a?$b}", "B"},
    {"${e:${b}}", "B"},
    {"${a?{${b}}:{$c}}", "B"},
    {"${a?{${b?{x}:{y}}}:{$c}}", "x"},
    {"${a?}", ""},
    {"${a?{}}", ""},
    {"${a:}", ""},
    {"${a?{}:{}}x", "x"},
    {"$(a?yes)", "yes"},
    {"$(a?(yes))", "(yes)"},
    {"$(a?{yes}:{no})", "yes"},
    {"$(a:no)", ""},
    {"${a?x}y}", "xy}"},
    {"${a?x{y}z}", "x{y}z"},
    {"${a?x$(b)y}", "xBy"},
    {"${{1} == {1}}", "true"},
    {"${{1} == {2}}x", "x"},
    {"${{1} == {1} ? {y} : {n}}", "y"},
    {"${{1} == {2} ? {y} : {n}}", "n"},
    {"${{1}=={1}?{y}:{n}}", "y"},
    {"${{1}=={1}?y}", "y"},
    {"${{1}=={2}:n}", "n"},
    {"${{1}=={2}?y:n}", ""},
    {"${{1}=={2}?{y}:n}", "n"},
    {"${{1}!={2}?{y}:{n}}", "y"},
    {"${{1}<{2}?{y}:{n}}", "y"},
    {"${{10}<{9}?{y}:{n}}", "n"},
    {"${{10}<{9a}?{y}:{n}}", "y"},
    {"${{a}<{b}?{y}:{n}}", "y"},
    {"${{a}<={a}?{y}:{n}}", "y"},
    {"${{a}>={b}?{y}:{n}}", "n"},
    {"${{a}>{b}?{y}:{n}}", "n"},
    {"${{2}>{1}?{y}:{n}}", "y"},
    {"${{01}=={1}?{y}:{n}}", "y"},
    {"${{-1}<{1}?{y}:{n}}", "y"},
    {"${{-1}=={-01}?{y}:{n}}", "n"},
    {"${{}=={}?{y}:{n}}", "y"},
    {"${{ 1 }=={1}?{y}:{n}}", "n"},
    {"${{1 }=={ 1}?{y}:{n}}", "n"},
    {"${{$a}=={A}?{y}:{n}}", "y"},
    {"${{$e}=={}?{y}:{n}}", "y"},
    {"${ {1} == {1} ? {y} : {n} }x", "yx"},
    {"${{3.5} <level {3.6} ? {y} : {n}}", "y"},
    {"${{3.10} <level {3.6} ? {y} : {n}}", "n"},
    {"${{3.6} <level {3.6.0} ? {y} : {n}}", "n"},
    {"${{3.6.1} >level {3.6} ? {y} : {n}}", "y"},
    {"${{3} ==level {3.0} ? {y} : {n}}", "y"},
    {"${{3} !=level {3.0} ? {y} : {n}}", "n"},
    {"${{3} <=level {4} ? {y} : {n}}", "y"},
    {"${{3} >=level {4} ? {y} : {n}}", "n"},
    {"${{999999999999} == {999999999999} ? {y} : {n}}", "y"},
    {"${undefined}x", "x"},
    {"${e?$(}z", "z"},
    {"a${a}b${b}c", "aAbBc"},
    {"$a$b$c", "ABC"},
    {"$1", ""},
    {"${1a}", "one"},
    {"$1a", "one"},
    {"${_x}", "under"},
    {"$_x", "under"},
    {"${a?{yes}:}", "yes"},
    {"${a?{yes}:   }", "yes"},
    {"${e?{yes}:   x }y", "   x y"},
    {"${e?{yes}: $b }y", " B y"},
    {"${a?:}", ":"},
    {"${a:?}", ""},
    {"${a?\?}", "?"},
    {"${e::}", ":"},
    {"${{a b} == {a b} ? {y} : {n}}", "y"},
    {"${{a{b}c} == {a{b}c} ? {y} : {n}}", "y"},
    {"${a?{x}:{y}}}", "x}"},
    {"{$a}", "{A}"},
    {"$a}", "A}"},
    {"${a }b", "Ab"},
    {"${a?{x} : y}", "x"},
    {"${a?{x} : {y} }", "x"},
    {"${a?${e?{1}:{2}}}", "2"},
    {"${a?x\\}y}", "x\\y}"},
    {"\\$a", "\\A"},
    {"${e}", ""},
    {"${{99999999999999999999} < {99999999999999999998} ? {y} : {n}}", "n"},
    {"${{007} == {7}}", "true"},
    {"${domain_to_ascii{example.com}}", "example.com"},
    {"${domain_to_ascii{$a.example}}", "A.example"},
#ifdef WITH_ICU
    {"${domain_to_ascii{b\303\274cher.example}}", "xn--bcher-kva.example"},
    {"${domain_to_utf8{xn--bcher-kva.example}}", "b\303\274cher.example"},
#endif
};

#define NO_OPERATOR "\"==\" or \"!=\" or \"<\" or \"<=\" or \">=\" or \">\" expected at: \""
static const struct {
    const char *text, *why;
} bad[] = {
    {"${a.b}", "attribute name syntax error at: \"...a>>>.b\""},
    {"${a-b}", "attribute name syntax error at: \"...a>>>-b\""},
    {"$", "empty macro name: \"$\""},
    {"x$", "empty macro name: \"x$\""},
    {"$ a", "empty macro name: \"$ a\""},
    {"${}", "empty macro name: \"${}\""},
    {"$()", "empty macro name: \"$()\""},
    {"${a?{yes}x}", "\":\" expected at: \"...yes}>>>x\""},
    {"${a?{yes}:{no}x}", "unexpected input at: \"...no}>>>x\""},
    {"${a?{yes}?{no}}", "\":\" expected at: \"...yes}>>>?{no}\""},
    {"${a:{yes}:{no}}", "unexpected input at: \"...yes}>>>:{no}\""},
    {"${e:{yes}:{no}}", "unexpected input at: \"...yes}>>>:{no}\""},
    {"${a", "truncated macro reference: \"${a\""},
    {"${a?", "truncated macro reference: \"${a?\""},
    {"${a?x", "truncated macro reference: \"${a?x\""},
    {"$(a", "truncated macro reference: \"$(a\""},
    {"$(a}", "truncated macro reference: \"$(a}\""},
    {"${a)", "truncated macro reference: \"${a)\""},
    {"${a?{x}", "truncated macro reference: \"${a?{x}\""},
    {"${a?{x", "truncated macro reference: \"${a?{x\""},
    {"${{1}}", NO_OPERATOR "...1}>>>\""},
    {"${{1}={1}?{y}:{n}}", NO_OPERATOR "...1}>>>={1}?{y}:{n}\""},
    {"${{1}<>{1}?{y}:{n}}", NO_OPERATOR "...1}>>><>{1}?{y}:{n}\""},
    {"${{1}lt{1}?{y}:{n}}", NO_OPERATOR "...1}>>>lt{1}?{y}:{n}\""},
    {"${{1} {1}?{y}:{n}}", NO_OPERATOR "...1}>>>{1}?{y}:{n}\""},
    {"${{1}==1?{y}:{n}}", "bad operator suffix at: \"...==>>>1\""},
    {"${{1}==}", "\"{expression}\" expected at: \"...{1} ==>>>\""},
    {"${{1}=={1}x}", "\"?\" or \":\" expected at: \"...}>>>x\""},
    {"${{1}=={1} {y}}", "\"?\" or \":\" expected at: \"...}>>>{y}\""},
    {"${{x} <level {3.6} ? {y} : {n}}", "malformed compatibility level syntax: \"x\""},
    {"${{} <level {3.6} ? {y} : {n}}", "malformed compatibility level syntax: \"\""},
    {"${{3.6} <level {3.6.1.1} ? {y} : {n}}", "malformed compatibility level syntax: \"3.6.1.1\""},
    {"${{3.6} < level {3.6.1} ? {y} : {n}}", "\"{expression}\" expected at: \"...{3.6} <>>> level {3.6.1} ? {y}\""},
    {"${{3.6} <levelx {3.6.1} ? {y} : {n}}", "bad operator suffix at: \"...<>>>levelx\""},
    {"${{3.6} <LEVEL {3.6.1} ? {y} : {n}}", "bad operator suffix at: \"...<>>>LEVEL\""},
    {"${a?{x}?{y}}", "\":\" expected at: \"...x}>>>?{y}\""},
    {"${a{b}}", "attribute name syntax error at: \"...a>>>{b}\""},
    {"${$a}", "attribute name syntax error at: \"...>>>$a\""},
    {"${$a?x}", "attribute name syntax error at: \"...>>>$a?x\""},
    {"$a$", "empty macro name: \"$a$\""},
    {"${domain_to_rot13{a}}", "attribute name syntax error at: \"...domain_to_rot13>>>{a}\""},
    {"${domain_to_ascii{a} x}", "unexpected input at: \"...a}>>>x\""},
    {"$(a?{x)", "unbalanced {} in attribute value: \"{x\""},
};

static void expands(void **state)
{
    struct str out = {0}, why = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        str_clear(&out);
        if (!macro_expand(good[i].text, look_up, NULL, &out, &why) || strcmp(str_text(&out), good[i].want) != 0)
            fail_msg("%s: \"%s\" instead of \"%s\" %s", good[i].text, str_text(&out), good[i].want, str_text(&why));
    }
    str_done(&out);
    str_done(&why);
}

static void refuses(void **state)
{
    struct str out = {0}, why = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        str_clear(&why);
        if (macro_expand(bad[i].text, look_up, NULL, &out, &why))
            fail_msg("%s: no error", bad[i].text);
        if (strcmp(str_text(&why), bad[i].why) != 0)
            fail_msg("%s: \"%s\" instead of \"%s\"", bad[i].text, str_text(&why), bad[i].why);
    }
    str_done(&out);
    str_done(&why);
}

static void nests_only_so_deep(void **state)
{
    struct str text = {0}, out = {0}, why = {0};

    (void) state;
    for (int i = 0; i < 10000; i++)
        str_adds(&text, "${a?{");
    for (int i = 0; i < 10000; i++)
        str_adds(&text, "}}");
    assert_false(macro_expand(str_text(&text), look_up, NULL, &out, &why));
    assert_non_null(strstr(str_text(&why), "unreasonable macro call nesting"));
    str_done(&text);
    str_done(&out);
    str_done(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expands),
        cmocka_unit_test(refuses),
        cmocka_unit_test(nests_only_so_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
