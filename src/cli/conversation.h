/* cli/conversation.h - from the command line to a chat: messages, template, variables, the day. */
#ifndef MTS_CLI_CONVERSATION_H
#define MTS_CLI_CONVERSATION_H

#include <maxts/engine.h>

#include "cli/args.h"

/* Zero-initialise; `input` borrows the rest. */
typedef struct Conversation {
    MtsChatInput input;
    char *messages, *variables, *template_text;
    char date[16];
    bool dated; /* the template asked for the day */
} Conversation;

/* Whether an option was given that only a chat takes: its name, NULL: none. */
const char *conversation_option(const Args *args);

/* MTS_EREQUEST where --date is no day, whether a template will ask for it or not. */
int conversation_check_date(const Args *args, MtsError *err);

/* Reads the files and the variables; input.user is left to the caller. */
int conversation_open(Conversation *c, const Args *args, MtsError *err);
void conversation_close(Conversation *c);

/* The last user's message of --messages, malloc'ed; "" where there is none. */
int conversation_last(const Conversation *c, char **text, MtsError *err);

#endif
