/* template/items.c - what there is to go through in a value. */
#include "template/ast.h"

static MtsValue characters_of(MtsTpl *tpl, MtsString s)
{
    MtsValue characters = mts_value_list(tpl, mts_str_characters(s));
    size_t i = 0;
    while (s.size && !tpl->rc) {
        size_t length = mts_str_offset(s, 1);
        characters.list->items[i++] = mts_value_string((MtsString){s.data, length});
        s = (MtsString){s.data + length, s.size - length};
    }
    return characters;
}

MtsValue mts_tpl_items(MtsTpl *tpl, MtsValue value, size_t at)
{
    if (value.kind == MTS_VALUE_LIST && value.list->sort != MTS_LIST_STREAM) {
        return value;
    }
    if (value.kind == MTS_VALUE_LIST) {
        MtsValue items = mts_value_list(tpl, 0);
        if (items.list) {
            *items.list = *value.list;
            items.list->sort = MTS_LIST_LIST;
            value.list->count = 0;
        }
        return items;
    }
    if (value.kind == MTS_VALUE_UNDEFINED) {
        return mts_value_list(tpl, 0);
    }
    if (value.kind == MTS_VALUE_DICT && !value.dict->is_namespace) {
        return mts_tpl_dict_items(tpl, value.dict, 'k');
    }
    if (value.kind == MTS_VALUE_STRING && mts_tpl_charge(tpl, value.string.size)) {
        return characters_of(tpl, value.string);
    }
    mts_tpl_fail(tpl, MTS_EFORMAT, at, "a loop over something that has no items");
    return mts_value(MTS_VALUE_UNDEFINED);
}

MtsValue mts_tpl_dict_items(MtsTpl *tpl, const MtsDict *dict, char which)
{
    MtsValue items = mts_value_list(tpl, dict->count);
    size_t i = 0;
    for (const MtsDictEntry *entry = dict->first; entry && !tpl->rc; entry = entry->next, i++) {
        if (which != 'i') {
            items.list->items[i] = which == 'k' ? entry->key : entry->value;
            continue;
        }
        MtsValue pair = mts_value_list(tpl, 2);
        if (pair.list) {
            pair.list->sort = MTS_LIST_TUPLE;
            pair.list->items[0] = entry->key;
            pair.list->items[1] = entry->value;
            items.list->items[i] = pair;
        }
    }
    if (items.list) {
        items.list->sort = MTS_LIST_VIEW;
    }
    return items;
}
