/* Address lists, SMTP paths and quoting: an address that is quoted, parsed and unquoted is the same again. */
#include <assert.h>
#include <stdint.h>

#include "mail/address.h"
#include "mail/address_list.h"
#include "mail/address_path.h"
#include "mail/header.h"
#include "mail/quote.h"

static void check_quoting(const char *address)
{
    struct str quoted = {0}, plain = {0};

    quote_remove(&plain, quote_821(address, &quoted));
    if (*address != '@')
        assert(strcmp(str_text(&plain), address) == 0);
    quote_822(address, &quoted);
    address_user_len(address, address_local_len(address), "+-", "double-bounce");
    str_done(&quoted);
    str_done(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct str out = {0};
    const char *text = arena_strndup(&arena, (const char *) data, size);
    bool is_closed;
    struct address_list *l = address_list_parse(&arena, text, size % 50);

    for (size_t i = 0; i < address_list_count(l); i++) {
        check_quoting(address_list_internal(l, i));
        address_list_set_external(l, i, address_list_external(l, i));
    }
    assert(!address_list_is_changed(l));
    address_list_format(l, &out);
    for (size_t i = 0; i < address_list_count(l); i++)
        address_list_set_internal(l, i, text);
    address_list_format(l, &out);
    address_path_parse(text, (size_t) (address_path_end(text, &is_closed) - text), (int) (size & 3), &out);
    header_find(text, header_name_len(text, strlen(text)));
    check_quoting(text);
    str_done(&out);
    arena_done(&arena);
    return 0;
}
