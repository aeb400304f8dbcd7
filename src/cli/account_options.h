/* account_options.h - what the settings say of how people sign in. */
#pragma once

#include "account/account.h"
#include "cli/settings.h"

/* Texts live as long as the settings and the arena; `proxy` is borrowed. */
AccountOptions account_options(Arena *arena, const Settings *settings, const Proxy *proxy);
