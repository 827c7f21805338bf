// Takes each protection out, one after the other, and shows that its tests then fail. A protection whose tests still pass
// is one that nothing shows: the command fails. It works in a copy of this folder and takes minutes; not part of CI.
//
//   make protections            all of them
//   make protections ARGS=purge those whose name matches /purge/
//
// With --check it only looks whether each of them is still where the list says; CI does that.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const chat = "crates/leptos-ticketping/src";
const browser = `${chat}/browser`;
const factors = "src/accounts/server/second_factor";

/** What is taken out: a text of a file, what stands there instead, and the tests that must notice. */
const protections = [
    ["the script is a module", `${browser}/script.rs`, '("type", "module"), ', "", "app", "an anonymous visitor sees"],
    ["only the published files run", `${browser}/script.rs`, '("integrity", SCRIPT_INTEGRITY), ', "", "example", "files that are not the published ones"],
    ["userJWT is never null", `${browser}/widget.rs`, 'set(&config, JWT, &jwt.unwrap_or(TOKEN_PLACEHOLDER).into());', 'set(&config, JWT, &if jwt == Some("") { JsValue::NULL } else { jwt.unwrap_or(TOKEN_PLACEHOLDER).into() });', "app", "an anonymous visitor sees"],
    ["purge", `${browser}/owner.rs`, "pub fn purge() {", "pub fn purge() {\n    if true { return; }", "app", "on a shared browser|unknown owner left"],
    ["the server expires the chat cookie", `${chat}/server/chat_cookie.rs`, "    if sets_session {\n", "    if sets_session && false {\n", "app", "the server expires the chat cookie"],
    ["a window that is opened again has its socket", `${chat}/driver/execute.rs`, "event == TicketpingEvent::Opened", "false", "example", "closed and opened again"],
    ["a renewal opens sockets again", `${chat}/driver/execute.rs`, "                    // The API may have been away for longer than the widget tries.\n                    widget.reconnect(false);\n", "", "app", "a renewal opens the socket"],
    ["a chat that opens again takes nothing without a socket", `${browser}/resume.rs`, "    show_box(&instance, false);\n    let input", "    let input", "example", "closed and opened again"],
    ["a closed chat is shut to the keyboard", "style/chat.css", "    visibility: hidden;\n}\n\n/* On a phone", "}\n\n/* On a phone", "chromium", "the keyboard does not get"],
    ["a window that a link opens has the focus", `${browser}/keyboard.rs`, "    let _timer = window().set_timeout_with_callback_and_timeout_and_arguments_0(focus.unchecked_ref(), 80);\n", "    let _: (web_sys::Window, &js_sys::Function) = (window(), focus.unchecked_ref());\n", "webkit", "the keyboard does not get"],
    ["who is in the window stays there", `${browser}/keyboard.rs`, 'part(widget, ":focus").is_some() || ', "", "chromium", "the keyboard does not get"],
    ["the focus is not lost with the window", `${browser}/keyboard.rs`, 'call(&bubble, "focus", &JsValue::UNDEFINED)', "call(&bubble, \"\", &JsValue::UNDEFINED)", "chromium", "with the keyboard alone"],
    ["Escape closes the window", `${browser}/hooks.rs`, "                let _gone = widget.close();\n", "", "chromium", "the keyboard does not get"],
    ["the window fits a phone that is held sideways", "style/chat.css", "        max-height: calc(100dvh - 40px);\n", "", "app", "held sideways"],
    ["a press before the islands are awake", "src/hydration.js", "        press(100);\n", "", "app", "before the islands are awake"],
    ["a limit shows the form again", "src/server/http/error_pages.rs", "form.filter(|_| status == StatusCode::TOO_MANY_REQUESTS)", "form.filter(|_| false)", "http", "guessing_a_password_ends"],
    ["a user's changes are limited", "src/accounts/server/account_forms.rs", "        limit(self.limits.change(&user.id))?;\n", "", "http", "a_user_makes_so_many_changes"],
    ["links that undo factors do not end each other", "src/accounts/server/links.rs", '(format!("{} {}", user.id, mail.unwrap_or_default()), Some', "(user.id.clone(), Some", "http", "the_link_in_the_mail_about_new_factors"],
    ["the token endpoint answers with JSON", "src/server/http/error_pages.rs", " && uri.path() != TicketpingConfig::TOKEN_URL", "", "http", "without_a_session_it_is_a_401"],
    ["a change of address is in no file", "src/accounts/server/export.rs", "purpose != CHANGE_EMAIL", 'purpose != ""', "http", "everything_that_is_kept"],
    ["an old page asks before it purges", `${chat}/machine/state.rs`, "if self.may_be_outdated(snapshot) {", "if false && self.may_be_outdated(snapshot) {", "app", "that the browser kept asks the server"],
    ["only its owner's cookie and storage", `${browser}/hooks.rs`, "if !is_owner(&identity) {", "if false && !is_owner(&identity) {", "app", "another tab has just taken"],
    ["the owner's note changes in one step", `${browser}/owner.rs`, "        let _blocked = storage.remove_item(RESUME_KEY);\n    }\n}", "        let _blocked = storage.remove_item(RESUME_KEY);\n    }\n    if let Some(storage) = local_storage() { let _ = storage.remove_item(OWNER_KEY); }\n}", "app", "note of the owner is never missing"],
    ["a hidden page is no reason to try again", `${chat}/machine/state.rs`, "            Event::TryAgain if !snapshot.visible => {}\n", "", "chat", "a_hidden_page_then_waits"],
    ["a chat that is mounted anew hides no page", `${browser}/page.rs`, "if MADE_AHEAD_WAS_READ.replace(true) {", "if MADE_AHEAD_WAS_READ.replace(true) && false {", "example", "mounted anew"],
    ["a page that the browser has kept is hidden", `${browser}/page.rs`, 'timing("transferSize") == Some(0.0) || timing_text', "timing_text", "example", "the browser has kept"],
    ["of two questions at once one is put", `${browser}/resume.rs`, "    if is_free {\n", "    if false {\n", "example", "of two questions"],
    ["sockets are closed as the page is left", `${chat}/driver/listen.rs`, "                    widget.disconnect();\n", "", "bfcache", "told of new messages"],
    ["an open chat is hidden with its page", `${browser}/page.rs`, ', ("opacity", "0")]', "]", "example", "the browser has kept"],
    ["islands wake once", "src/hydration.js", "            if (island.isAwake) continue;\n", "", "app", "islands wake once"],
    ["what was made good is not reported", `${chat}/driver/execute.rs`, "if driver.failure.get() == Some(TOKEN_FAILED) {", "if false {", "app", "made good within a second"],
    ["a form is read before its session is", "src/server/http/router.rs", "            .layer(layer_fn(read_form_first))\n", "", "http", "a_form_that_is_on_its_way"],
    ["a session that ended in the queue does nothing", "src/accounts/server/account_forms.rs", "if sessions.iter().any(|session| session.is_current) {", "if true || sessions.is_empty() {", "http", "a_form_that_waits_for_a_free_core"],
    ["an address is confirmed by a session of the same password", "src/accounts/server/users.rs", "WHERE id = $1 AND password_id = $4 AND disabled_at", "WHERE id = $1 AND $4 = $4 AND disabled_at", "http", "by_a_session_from_before"],
    ["the owner hears of guesses by a session", "src/accounts/server/account_forms.rs", "            self.tell_of_guesses(&user.email).await?;\n", "", "http", "guesses_at_the_current_password"],
    ["a right current password is no guess", "src/accounts/server/account_forms.rs", "            self.limits.current_password_was_right(&user.id);\n", "", "http", "guesses_at_the_current_password"],
    ["new recovery codes are shown to a confirmed session", "src/server/http/factor_pages.rs", "if is_on && !is_confirmed {", "if false {", "http", "what_is_dangerous"],
    ["a restore brings back no loss of factors", "src/server/database/backup.rs", "kind IN ('recovery', ", "kind IN (", "http", "a_backup_is_made"],
    ["a new name ends the widget's own token", "src/accounts/server/account_forms.rs", "                self.end_chat_token();\n", "", "http", "expires_the_chat_cookie_and_a_failed"],
    ["a new address ends the widget's own token", "src/accounts/server/link_forms.rs", "        self.end_chat_token();\n", "", "http", "expires_the_chat_cookie_and_a_failed"],
    ["a page of an unknown visitor has no chat", "src/server/http/error_pages.rs", "None => provide_context(UnknownVisitor),", "None => {}", "http", "a_form_that_another_site_sends"],
    ["who is known has a place", "src/accounts/server/hash_queue.rs", "if is_known {", "if false {", "unit", "a_full_queue_leaves_places"],
    ["what is far too long is not read", "src/accounts/server/email_address.rs", "if typed.len() > MAX_TYPED_BYTES {", "if typed.len() > MAX_TYPED_BYTES * 2 {", "unit", "far_too_long"],
    ["a dead chat token can be removed", `${browser}/hooks.rs`, "if removes_cookie {", "if false {", "app", "another host of the domain has planted"],
    ["what is set up goes with its session", "src/accounts/server/accounts.rs", "(before, self.current_session()) {", "(before.filter(|_| false), self.current_session()) {", "http", "what_is_dangerous"],
    ["no other host plants a chat token", `${browser}/hooks.rs`, "if has_prefix {", "if false {", "app", "another host of the domain has planted"],
    ["renewal", `${chat}/machine/state.rs`, "if self.live == self.wanted && !self", "if self.live == self.wanted && !self.token.has_come() && !self", "app", "renewed before it dies"],
    ["renewal without identify()", `${browser}/widget.rs`, 'set(&self.instance.config(), JWT, &jwt.into());', 'let user = Object::new(); set(&user, JWT, &jwt.into()); let _ = super::js::function(&self.instance, "identify").map(|identify| identify.call1(&self.instance, &user));', "app", "renewed before it dies"],
    ["the token's life by the server's clock", `${browser}/token.rs`, "served.filter(|served| served.is_finite())", "served.filter(|_| false)", "app", "a clock that says"],
    ["stop before the next start", `${chat}/driver/execute.rs`, "                    widget.stop();\n", "                    drop(widget);\n", "example", "a switch of user without"],
    ["taken down through the global", `${browser}/widget.rs`, "let _gone = self.namespace.destroy();", 'let _ = &self.namespace; let _ = super::js::function(&self.instance, "destroy").map(|destroy| destroy.call0(&self.instance));', "example", "a switch of user without"],
    ["no bubble after a stop", `${browser}/hooks.rs`, 'set(widget, "createWidgetContainer", &noop);', "", "example", "the team's settings of"],
    ["what is being built is built off the page", `${browser}/hooks.rs`, 'set(instance, "widgetContainer", &container);', "let _ = container;", "example", "the team's settings of"],
    ["a stopped start asks for nothing more", `${browser}/hooks.rs`, 'set(widget, LIST_STEP, &returns_unsettled);', "", "example", "the team's settings of"],
    ["no answer after a stop", `${browser}/hooks.rs`, "set(widget, STOPPED, &JsValue::TRUE);", "", "example", "the chat token of alice|being opened opens|waits for its chat token"],
    ["no socket comes back after a stop", `${browser}/bindings.rs`, 'set(&options, "reconnectAttempts", &0.into());', "let _ = &options;", "example", "still connecting"],
    ["the theme goes with the widget", `${browser}/widget.rs`, "        remove_theme();\n", "", "example", "taken down leaves"],
    ["one chat on a page", `${chat}/driver/state.rs`, "if IS_MOUNTED.replace(true) {", "if IS_MOUNTED.replace(true) && false {", "example", "two chats on a page"],
    ["tabs tell each other by channel", `${chat}/driver/execute.rs`, "let _closed = channel.post_message(&note.into());", "let _ = &note;", "app", "where storage is blocked, tabs"],
    ["tabs hear the storage event", `${chat}/driver/listen.rs`, "\"storage\" if browser::is_owner_key(", "\"storage\" if false && browser::is_owner_key(", "app", "without BroadcastChannel"],
    ["signed-in pages are in no cache", "src/server/http/contexts.rs", '"no-store" } else', '"private, max-age=600" } else', "http", "signed_in_pages_are_kept_by_no_cache"],
    ["pages vary by cookie", "src/server/http/contexts.rs", '    response.append_header(header::VARY, HeaderValue::from_static("cookie"));\n', "", "http", "a_page_that_history_brings_back_is_asked_for_again"],
    ["nothing waits between two chats", `${chat}/use_ticketping.rs`, "if !chat.was_connected.get() && !is_server() {", "if true {", "example", "asked for while there is no chat"],
    ["a tab's open chat belongs to its owner's note", `${browser}/resume.rs`, "note.is_some() && note == owner_note()", "note.is_some()", "example", "left in a tab"],
    ["a page is not loaded again for ever", `${browser}/page.rs`, "Ok(()) => count < MAX_RELOADS,", "Ok(()) => count < u64::MAX,", "example", "always made for another user"],
    ["a link works once", "src/accounts/server/links.rs", '"DELETE FROM links WHERE token_hash = $1 AND expires_at > $2 RETURNING purpose, user_id, email, name"', '"SELECT purpose, user_id, email, name FROM links WHERE token_hash = $1 AND expires_at > $2"', "http", "looking_at_a_link_uses_nothing_up"],
    ["a link works for an hour", "src/accounts/server/links.rs", "SELECT purpose, user_id, email, name FROM links WHERE token_hash = $1 AND expires_at > $2", "SELECT purpose, user_id, email, name FROM links WHERE token_hash = $1 AND expires_at > $2 - 7200", "http", "a_link_works_for_an_hour"],
    ["no chat on a link's page", "src/layout.rs", "let has_chat = !shows_secret && ", "let has_chat = ", "http", "no_token_is_in_the_database"],
    ["a link is in no referrer", "src/server/http/mail_pages.rs", '"strict-origin"', '"unsafe-url"', "http", "no_token_is_in_the_database"],
    ["another address needs the password", "src/accounts/server/account_forms.rs", "errors.extend(self.check_current_password(&current, typed.clone()).await?);", "", "http", "an_address_changes_once"],
    ["a reset ends a pending change of address", "src/accounts/server/account_changes.rs", "links::delete_for_user(database, id).await?;", "", "http", "a_reset_ends_every_session"],
    ["a change of address that waits ends with a reset", "src/accounts/server/account_changes.rs", "outbox::delete_changes_of_email(database, id).await", "Ok(())", "http", "a_reset_ends_every_session"],
    ["only its own user confirms an address", "src/accounts/server/link_forms.rs", "if id != owner.id {", "if false && id != owner.id {", "http", "an_address_changes_once"],
    ["guesses by others lock nobody out", "src/accounts/server/log_in_forms.rs", "self.limits.log_in(address, device.as_deref())", "self.limits.log_in(address, device.as_deref().filter(|_| false))", "http", "guesses_by_others_lock_nobody_out"],
    ["a hop that cannot be read ends the walk", "src/server/client_address.rs", "hops.next().and_then(address_of_hop)", "hops.by_ref().find_map(address_of_hop)", "unit", "what_a_client_made_up"],
    ["mails are limited", "src/accounts/server/link_forms.rs", "self.limit_form(self.limits.mail(self.client, MailKind::Reset, &address), \"/forgot\", typed)?;", "", "http", "a_mailbox_is_not_flooded"],
    ["a page that history brings back is hidden", `${chat}/machine/state.rs`, "            self.hides_page = true;\n", "", "chat", "history_brings_back_after_log_out"],
    ["the password alone opens no session", "src/accounts/server/log_in_forms.rs", 'if self.begin_second_step(&user, remember, next.unwrap_or("/account")).await? {', "if false {", "http", "with_an_app_the_password_alone"],
    ["a code works once", `${factors}/factors.rs`, " AND last_step < $3", "", "http", "with_an_app_the_password_alone"],
    ["a recovery code is its user's", `${factors}/factors.rs`, '"DELETE FROM factors WHERE kind = $1 AND id = $2 AND user_id = $3")\n        .bind(FactorKind::RecoveryCode', '"DELETE FROM factors WHERE kind = $1 AND id = $2 AND $3 <> $1")\n        .bind(FactorKind::RecoveryCode', "http", "a_recovery_code_works_once"],
    ["a set-up is its session's", `${factors}/user_factors.rs`, "self.name == session && age", "age", "http", "what_is_being_set_up"],
    ["a new password ends a log-in that waits", `${factors}/pending_log_in.rs`, " && self.password_id == user.password_id", "", "http", "a_log_in_that_waits"],
    ["what is dangerous needs the factor again", "src/accounts/server/account_forms.rs", "await {\n            return Ok(vec![ValidationError::ConfirmFirst]);", "await && false {\n            return Ok(vec![ValidationError::ConfirmFirst]);", "http", "what_is_dangerous_needs"],
    ["a reset leads to the second factor", "src/accounts/server/link_forms.rs", 'if !self.begin_second_step(&user, false, "/account").await? {', "if true {", "http", "a_new_password_by_mail_does_not"],
    ["three days", `${factors}/user_factors.rs`, "from_secs(3 * 24 * 60 * 60)", "from_secs(60)", "http", "lost_factors_end_after_three_days"],
    ["only proven browsers have a budget for codes", "src/accounts/server/second_step_forms.rs", "device.is_proven && device.is_of(&user)", "device.is_of(&user)", "http", "a_browser_in_which_the_factor_was_shown"],
    ["a challenge is answered once", "src/accounts/server/passkey_forms.rs", "use_challenge(&id, expires_at).await? {", "use_challenge(&id, expires_at).await? || true {", "passkeys", "an answer is good once"],
    ["a passkey is its user's", "src/accounts/server/passkey_forms.rs", "if user.id != expected.id =>", "if false && user.id != expected.id =>", "passkeys", "another person's passkey"],
    ["who ends sessions shows the factor again", "src/accounts/server/account_forms.rs", "await {\n            self.back_to_form", "await && false {\n            self.back_to_form", "http", "what_is_dangerous_needs"],
    ["the user's file needs the factor again", "src/accounts/server/export.rs", "if factors.is_on() && !was_confirmed(&auth.session).await {", "if false {", "http", "what_is_dangerous_needs"],
    ["who knew an old password is a stranger", "src/accounts/server/device_cookie.rs", "self.password_id == user.password_id", "!user.password_id.is_empty()", "http", "a_browser_that_knew_the_old_password"],
    ["the owner hears of guesses in their own browser", "src/accounts/server/log_in_forms.rs", "                self.tell_of_guesses(address).await?;\n", "                if device.is_none() { self.tell_of_guesses(address).await?; }\n", "http", "a_browser_that_knew_the_old_password"],
    ["an operator ends log-ins that wait", "src/accounts/server/operator.rs", "    users::end_log_ins(&mut transaction, &user.id).await?;\n    end_pending(&mut transaction, &user.id).await?;\n", "    end_pending(&mut transaction, &user.id).await?;\n", "http", "ends_with_the_sessions_that_an_operator_ends"],
    ["a stopped recovery is told", `${factors}/user_factors.rs`, "self.of_kind(FactorKind::StoppedRecovery).next()", "self.of_kind(FactorKind::NewApp).next()", "http", "lost_factors_end_after_three_days"],
    ["a removed account is no failure of ours", "src/accounts/server/accounts.rs", "if error.is_foreign_key_violation() =>", "if false && error.is_foreign_key_violation() =>", "http", "just_removed_elsewhere"],
    ["mails in a folder are for their owner only", "src/server/mail/transport.rs", ".mode(0o600)", ".mode(0o644)", "http", "a_folder_of_mails"],
    ["an open chat shows its messages first", `${browser}/resume.rs`, "    let _none = show_messages(&instance, &session);\n", "", "app", "shows its messages before"],
    ["a chat that has not started keeps what was open", `${browser}/resume.rs`, "session_storage().filter(|_| instance.is_initialized())", "session_storage()", "app", "who goes on before"],
    ["what was kept is not for a page that is left", `${chat}/driver/actions.rs`, ".filter(|_| !self.is_leaving.get() && !is_replaced)", "", "app", "who goes on before"],
    ["what is dropped as the page is left is no failure", `${chat}/driver/execute.rs`, "set_timeout(move || driver.tell_of_failure(), FAILURE_DELAY);", "let _ = FAILURE_DELAY; driver.tell_of_failure();", "app", "drops as the page is left"],
    ["no box without a socket", `${browser}/resume.rs`, "    show_box(&instance, false);\n    until_open", "    until_open", "app", "is refused there is no box"],
    ["the list is read again", `${browser}/resume.rs`, '    let _none = call(&instance, "refreshConversations", &JsValue::UNDEFINED);\n', "", "app", "shows its messages before"],
    ["a cut socket for notifications opens again", `${chat}/driver/listen.rs`, "widget.reconnect(false);", "drop(widget);", "app", "for notifications that was cut"],
    ["a late socket leaves the focus where it is", `${browser}/resume.rs`, "    after(2_000).await;\n    let _none = move_again", "    let _none = move_again", "app", "is refused there is no box"],
    ["the open chat's socket opens again", `${browser}/resume.rs`, '    let opening = call(&instance, "initWsConversation", &session.as_str().into());\n', "    let opening = None::<JsValue>;\n", "app", "socket of an open chat opens again"],
    ["a statement that hangs holds nobody up", "src/accounts/server/session_reader.rs", "Duration::from_millis(10)", "Duration::from_secs(1_000)", "unit", "a_connection_that_says_nothing"],
    ["the list comes out of storage", `${browser}/hooks.rs`, "if has_open_conversation() {", "if false {", "app", "shows its messages before"],
    ["a page without data says so", `${chat}/driver/mount.rs`, "if settings.is_none() {", "if false {", "app", "without the chat's data"],
    ["a widget waits for its token", `${browser}/hooks.rs`, "if !awaits_token(&widget) {", "if true {", "app", "while the token is on its way"],
    ["nothing is seen of a widget that waits", `${browser}/hooks.rs`, "                container.remove();\n", "", "app", "while the token is on its way"],
    ["nobody makes a widget that waits ask for anything", `${browser}/hooks.rs`, "                if awaits_token(&widget) {\n                    // Code", "                if false {\n                    // Code", "app", "while the token is on its way"],
    ["a widget starts while its token is on its way", `${chat}/machine/token.rs`, "self.awaited.is_some() && !self.has_come()", "false && !self.has_come()", "chat", "starts_while_the_token"],
    ["a widget whose token does not come is taken down", `${chat}/machine/state.rs`, "&& !self.token.has_come() {", "&& false {", "chat", "whose_token_does_not_come"],
    ["what was changed stays in memory", "src/accounts/server/cache.rs", "known.source == Source::ChangedHere && known.is_remembered()", "false && known.source == Source::ChangedHere", "unit", "what_was_changed_stays"],
    ["rows that change elsewhere push out no others", "src/accounts/server/cache.rs", "known.source == Source::ChangedHere && known.is_remembered()", "known.source != Source::Read", "unit", "rows_that_change_elsewhere"],
    ["a row that is gone stays so", "src/accounts/server/cache.rs", "|known| known.is_gone() && known.counts(), Known", "|_| false, Known", "unit", "a_row_that_is_gone"],
    ["a slow statement brings nothing back", "src/accounts/server/cache.rs", "|known| known.at >= began, known", "|_| false, known", "unit", "a_statement_that_began_before"],
    ["a session that has ended is not put off", "src/accounts/server/last_use.rs", "WHERE expires_at > $1 AND id", "WHERE id", "unit", "all_that_are_used_at_once"],
    ["each is put off by its own life", "src/accounts/server/last_use.rs", "*other == life", "*other == life || true", "unit", "all_that_are_used_at_once"],
    ["of sessions read together each is its own user's", "src/accounts/server/session_reader.rs", "found.get(&hash)", "found.values().next()", "http", "each_their_own_users"],
    ["a stop ends no connection that was just taken", "src/server/run.rs", "            no_connection(&handle, LAST_REQUESTS).await;\n", "            let _ = LAST_REQUESTS;\n", "upgrade", "an_upgrade_under_load"],
    ["systemd's socket is taken over", "src/server/listener.rs", "if held_at == address { Ok(Some(held)) }", "if held_at == address { Ok(None) }", "upgrade", "an_upgrade_under_load"],
    ["an older version leaves a newer database alone", "src/server/database/open.rs", "    if sqlite {\n        return SQLITE.run(pool).await;", "    if sqlite {\n        return SQLITE.run(pool).await.or(Ok(()));", "upgrade", "an_upgrade_under_load"],
    ["the files of a page are asked of both machines", "deploy/nginx.conf", " http_503 http_404;", " http_503;", "upgrade", "a_file_that_only_one"],
    ["systemd's socket is where the settings say", "src/server/listener.rs", "if held_at == address {", "if held_at == address || true {", "http", "a_socket_of_systemd"],
    ["a stop waits for forms without clients", "src/server/run.rs", "server.to_its_end.wait(CUT_OFF_TIMEOUT), ", "", "http", "told_to_stop"],
    ["a new password ends a recovery and keeps the line", "src/accounts/server/account_changes.rs", "    factors::stop_recovery(database, id).await?;\n", "", "http", "lost_factors_end_after_three_days"],
    ["a request is answered to its end", "src/server/http/router.rs", "            .layer(to_its_end)\n", "", "http", "although_its_client_has_gone"],
    ["a client that takes nothing is given up", "src/server/listener.rs", "Some(TAKE_TIMEOUT)", "None", "http", "that_takes_nothing_of_its_answer"],
    ["half a head is small", "src/server/run.rs", ".max_buf_size(MAX_HEAD_BYTES)", "", "http", "half_a_head"],
    ["a disguised cookie is dropped", "src/accounts/server/cookies.rs", "all(is_plain)", "all(|_| true)", "unit", "passes_for_one_with_the_prefix"],
    ["what is asked of a proxy is refused", "src/server/http/error_pages.rs", "if request.uri().path_and_query().is_none() {", "if false {", "http", "what_is_asked_of_a_proxy"],
    ["error pages remove cookies", "src/server/http/error_pages.rs", "[header::RETRY_AFTER, header::SET_COOKIE, header::ALLOW]", "[header::RETRY_AFTER]", "http", "the_error_page_of_a_session"],
    ["error pages of a user are in no cache", "src/server/http/error_pages.rs", "if is_of_user {", "if false {", "http", "the_error_page_of_a_session"],
    ["a removed user's session is nobody's", "src/accounts/server/sessions.rs", "if error.is_foreign_key_violation() => return Ok(())", "if false && error.is_foreign_key_violation() => return Ok(())", "http", "removed_in_the_meantime"],
    ["a backup is read by its name", "src/server/database/backup.rs", "address.to_string()", 'format!("file:{path}?mode=ro")', "http", "a_backup_is_made"],
    ["no chat beside a secret", "src/server/http/factor_pages.rs", "        // A secret that no script of others is to read.\n        provide_context(ShowsSecret);\n", "", "http", "the_pages_that_show_secrets"],
    ["no chat beside recovery codes", "src/server/http/factor_pages.rs", "        provide_context(ShowsSecret);\n        provide_context(NewRecoveryCodes", "        provide_context(NewRecoveryCodes", "http", "the_pages_that_show_secrets"],
    ["the mail about new factors undoes them", "src/accounts/server/link_forms.rs", "                factors::remove_new(&mut transaction, &user.id).await?;\n", "", "http", "the_link_in_the_mail_about_new_factors"],
    ["nobody ends the link that undoes factors", "src/accounts/server/links.rs", "WHERE user_id = $1 AND purpose <> $2", "WHERE user_id = $1 AND $2 <> ''", "http", "the_link_in_the_mail_about_new_factors"],
    ["a session that turns a factor on is remembered", "src/accounts/server/factor_forms.rs", "self.start_session(user, remember, Shown::SecondFactor)", "self.start_session(user, remember && false, Shown::SecondFactor)", "http", "a_session_that_turns_a_factor_on"],
    ["a second factor makes no session last longer", "src/accounts/server/sessions.rs", "record.data.get(BEGAN_AT).and_then(Value::as_i64).unwrap_or(now)", "record.data.get(BEGAN_AT).and_then(Value::as_i64).map_or(now, |_| now)", "http", "a_second_factor_that_is_shown_again"],
    ["an empty password is no guess", "src/accounts/server/account_forms.rs", "if current.expose_secret().is_empty() {", "if false {", "http", "an_empty_password_or_code"],
    ["a copy brings back no factor", "src/server/database/copy.rs", "if !ids.contains(&user_id) {", "if false {", "http", "users_are_copied"],
    ["commands leave an older database alone", "src/server/database/open.rs", "        if migrates {", "        if true || migrates {", "http", "commands_leave_a_database"],
    ["a breached password is refused", "src/accounts/server/password_rules.rs", "} else if is_breached(text) {", "} else if false {", "unit", "what_attackers_try_first"],
    ["hashes are renewed", "src/accounts/server/backend.rs", "!Passwords::is_current(&user.password_hash)", "false", "http", "a_hash_by_old_parameters"],
    ["a network has a share of the log-ins", "src/accounts/server/log_in_forms.rs", "if device.is_none() && self.auth", "if false && self.auth", "http", "a_network_that_guesses"],
    ["a network leaves known browsers alone", "src/accounts/server/log_in_forms.rs", "if device.is_none() && self.auth", "if self.auth", "http", "a_network_that_guesses"],
    ["tags use up no resets of an owner", "src/server/rate_limits.rs", "            MailKind::Reset => email.as_str().to_owned(),\n", "", "unit", "no_mailbox_is_flooded"],
    ["tags keep no newcomer out", "src/server/rate_limits.rs", "_ if email.has_tag() =>", "_ if false && email.has_tag() =>", "unit", "no_mailbox_is_flooded"],
    ["mails wait for their turn to leave", "src/server/mail/mailer.rs", "        if is_limited {", "        if false && is_limited {", "http", "mails_that_are_too_many"],
    ["a library's lines about made-up passkeys are not logged", "src/server/log.rs", '        "webauthn_rs=off",\n', "", "unit", "what_a_library_says"],
    ["the owner hears of codes that are tried in a session", "src/accounts/server/second_step_forms.rs", "if self.limits.is_codes_notice_due", "if matches!(at, At::LogIn(_)) && self.limits.is_codes_notice_due", "http", "the_owner_hears_of_codes"],
    ["a link that is spelt in another way is not logged", "src/server/http/router.rs", "|| \"/._-\".contains(char)", "|| !\"%\".contains(char)", "unit", "a_query_is_not_logged"],
    ["a network has a share of the mails", "src/server/rate_limits.rs", "        check(&self.mail_by_network, &client.network())?;\n", "", "unit", "no_mailbox_is_flooded"],
    ["cookies have a key that Ticketping does not know", "src/server/assemble.rs", "[key.as_bytes(), config", '[&b""[..], config', "http", "a_cookie_of_another_installation"],
    ["a browser forgets its session at log-out", "src/server/http/error_pages.rs", "if is_log_out && status", "if false && status", "http", "a_log_out_takes_the_cookies"],
    ["a log-in page of a user shows nothing of its address", "src/pages/log_in.rs", "        return ().into_any();\n", "", "http", "nothing_of_the_address"],
    ["guesses leave the mails of others alone", "src/server/rate_limits.rs", "self.notices_in_all.check()", "self.mail_leaves.check()", "unit", "guesses_at_many_addresses"],
    ["a user has twenty passkeys", "src/accounts/server/passkey_forms.rs", "const MAX_PASSKEYS: usize = 20;", "const MAX_PASSKEYS: usize = 2_000;", "http", "twenty_passkeys"],
    ["a database elsewhere is spoken to over TLS however it is named", "src/server/database/url.rs", 'key == "host" || key == "hostaddr"', 'key == "none"', "unit", "a_server_elsewhere"],
    ["pages that show secrets are not packed", "src/server/http/factor_pages.rs", "    response.extensions_mut().insert(Uncompressed);\n", "", "http", "the_pages_that_show_secrets"],
    ["the sandbox answers nobody by a proxy", "src/server/http/error_pages.rs", "&& is_forwarded(request.headers())", "&& false", "http", "the_sandbox_answers_no_site"],
    ["forms without a password are no guesses", "src/accounts/server/log_in_forms.rs", "        if password.expose_secret().is_empty() {\n            errors.push(ValidationError::PasswordMissing);\n        }\n", "", "http", "forms_without_a_password"],
    ["a session that ended may begin again", `${chat}/driver/state.rs`, "if is_same && self.machine.borrow().wants(&identity) {", "if is_same {", "example", "logs in again"],
    ["one network leaves places for others", "src/accounts/server/hash_queue.rs", "if *count >= most {", "if false {", "unit", "one_network_leaves_places"],
    ["a page that is made ahead starts no chat", `${chat}/driver/mount.rs`, "!is_shown.get() && browser::is_prerendering()", "!is_shown.get() && false", "chromium", "starts then and not before"],
    ["a token endpoint that has failed is waited for", `${chat}/machine/token.rs`, "self.has_failed = true;", "self.has_failed = false;", "chat", "whose_token_does_not_come"],
    ["a late 401 leaves the next user's data alone", `${chat}/machine/state.rs`, "|| (self.owns_storage && self.is_owned_by_another", "|| (false && self.is_owned_by_another", "chat", "a_401_that_comes_before"],
    ["a question closes the socket before", `${browser}/resume.rs`, "    close_socket(&instance);\n    // The messages", "    // The messages", "example", "a question closes"],
    ["a widget whose storage was taken does not go on", `${chat}/machine/state.rs`, "if self.live == self.wanted && !self.is_owned_by_another(snapshot) {", "if self.live == self.wanted {", "chat", "another_tab_has_just_taken"],
    ["an open chat's messages do not fade in", `${browser}/resume.rs`, 'set_property(FADING, "0s")', 'set_property(FADING, "")', "app", "seen at once"],
    ["an open chat's messages do not scroll", `${browser}/resume.rs`, '    set(&get(instance, WINDOW)?, SCROLL, &scroll_at_once);\n', "    let _ = scroll_at_once;\n", "app", "seen at once"],
    ["a long draft hides no message", `${browser}/resume.rs`, "    let _none = scroll_to_end(&instance);\n", "    let _ = scroll_to_end;\n", "app", "seen at once"],
    ["what is open is kept before the next page is shown", `${chat}/browser/page.rs`, 'get(&window(), "navigation")?.dyn_into().ok()', "None", "chromium", "what is written after"],
    ["a page that was made ahead asks whether it is out of date", `${chat}/driver/state.rs`, "Some(_) => self.handle(Event::MadeAhead),", "Some(_) => {}", "chromium", "a log-out that no page could note"],
    ["a page that was made ahead has today's theme", "src/theme.rs", "document.addEventListener('prerenderingchange',p)", "", "chromium", "before light became dark"],
    ["a page that was made long ago is hidden", `${chat}/driver/state.rs`, "const LONGEST_AHEAD: f64 = 10_000.0;", "const LONGEST_AHEAD: f64 = 1e9;", "chromium", "more than ten seconds ago"],
    ["a page with a secret that was made ahead is made again", "src/layout.rs", "document.addEventListener('prerenderingchange',again)", "", "chromium", "with a secret that was made before"],
    ["what is open is kept when the focus leaves the page", `${chat}/driver/listen.rs`, '"navigate" | "blur" => self.save()', '"navigate" => self.save()', "chromium", "for the address bar"],
    ["a page that was made ahead asks until it has an answer", `${chat}/machine/state.rs`, "            if self.was_made_ahead {\n", "            if false {\n", "chat", "asks_until_it_has_an_answer"],
    ["a page that was made ahead and is older than the note is hidden", `${chat}/machine/state.rs`, "made_ahead && owned_by_another && self", "false && self", "chat", "older_than_another_owners_note"],
    ["another user's page is loaded", "public/navigation.js", "frame(page) !== frame(document) || ", "", "chromium", "log-in as somebody else"],
    ["a new version's page is loaded", "public/navigation.js", '"link:first-of-type, #', '"#', "chromium", "after a new version"],
    ["a link that leads elsewhere is followed by the browser", "public/navigation.js", "answer.ok && !answer.redirected", "answer.ok", "app", "leads elsewhere"],
    ["a page that was asked for long ago is asked for again", "public/navigation.js", "performance.now() - pressed.at < FRESH", "true", "chromium", "asked for before the session ended"],
    ["of two links the last is followed", "public/navigation.js", "    if (latest !== asked) return;\n", "", "chromium", "of two links"],
    ["a link shows a page from its top", "public/navigation.js", ".focus({ preventScroll: true })", ".focus()", "webkit", "from its top"],
    ["back shows the page before, after a reload", "public/navigation.js", "back();\n", "", "chromium", "loaded again meanwhile"],
    ["back shows the page before", "public/navigation.js", 'addEventListener("popstate", back);', "", "chromium", "back and forward show"],
    ["back and forward at once end where they began", "public/navigation.js", "    latest = undefined;\n    if (shown === here())", "    if (shown === here())", "chromium", "before the answer"],
    ["what a form held is there again with back", "public/navigation.js", "if (isInUse()) kept.set(shown, left);", "if (false);", "chromium", "after back and forward"],
    ["a page is as scrolled as it was when a link was followed", "public/navigation.js", "    if (!isBack) tops.set(shown, scrollY);\n", "", "chromium", "had been scrolled to"],
    ["a page is as scrolled as it was before back or forward", "public/navigation.js", 'addEventListener("scroll", () => shown === here() && tops.set(shown, scrollY));\n', "", "chromium", "had been scrolled to"],
    ["going back takes no focus from the chat", "public/navigation.js", 'if (!document.activeElement.closest(".ticketping-chat-window.open")) ', "", "chromium", "going back leaves"],
    ["what is filled in meanwhile is not lost", "public/navigation.js", " || (!isBack && isInUse())", "", "chromium", "on its way is there again"],
    ["a link loads no page while the chat is closed", "public/navigation.js", "(isOpen() || !isSlow())", "isOpen()", "chromium", "while the chat is closed"],
    ["where the chat does not run the page is loaded", "public/navigation.js", "isRunning() && (", "(", "chromium", "does not run"],
    ["where pages are slow they are loaded", "public/navigation.js", "(isOpen() || !isSlow())", "true", "chromium", "was too slow"],
    ["a database of another program is left alone", "src/server/database/open.rs", "is_foreign == 1", "is_foreign == 2", "http", "of_another_program"],
    ["a copied database is one file", "src/server/database/copy.rs", "    target.pool.close().await;\n", "", "http", "users_are_copied"],
    ["a form of another site is a security event", "src/server/http/error_pages.rs", '        security_log::record(Event::Refused, "other_site", None, client);\n', "        if false { security_log::record(Event::Refused, \"other_site\", None, client); }\n", "http", "every_security_event"],
    ["a password in a torn URL is not told", "src/server/database/url.rs", "is_whole.then_some(url)", "Some(url).filter(|_| is_whole || true)", "unit", "a_place_never_shows"],
    ["a secret in quotes is refused", "crates/leptos-ticketping/src/server/secret.rs", "            return Err(JwtSecretError::Quoted);\n", "", "chat", "around_a_secret"],
    ["a pressed page is shown once", "public/navigation.js", "    pressed = undefined;\n", "", "chromium", "pressed and followed twice"],
    ["a link is followed by keyboard too", "src/hydration.js", "onkeydown = ", "", "chromium", "by keyboard too"],
    ["a page that a link shows does what it does", "public/navigation.js", "    wakeIslands(main);\n", "", "chromium", "what a page does"],
    ["links leave nothing behind", "public/navigation.js", '    else left.querySelectorAll("leptos-island").forEach((island) => island.remove());\n', "", "app", "leave nothing behind"],
    ["what repeats itself does so once", "src/support_chat.rs", "if BARS.get() == bar {", "if bar > 0 {", "app", "what repeats itself"],
    ["a user has fifty sessions", "src/accounts/server/sessions.rs", "const MAX_SESSIONS: usize = 50;", "const MAX_SESSIONS: usize = 5_000;", "http", "in_fifty_browsers"],
    ["an answer is remembered for its last second", `${factors}/factors.rs`, "DELETE FROM used_challenges WHERE expires_at < $1", "DELETE FROM used_challenges WHERE expires_at <= $1", "http", "end_of_its_last_second"],
    ["a change that comes too late ends no link", "src/accounts/server/link_forms.rs", "            if user.is_some() {\n                // Those", "            if true {\n                // Those", "http", "an_address_that_was_taken"],
    ["a proxy that may be anywhere is warned about", "src/server/config/environment.rs", "net.prefix_len() == 0", "net.prefix_len() == 1", "unit", "trusts_no_proxy_or_every"],
    ["the token's path keeps its slash", `${chat}/config/ticketping_config.rs`, 'parse_url("token_url", path,', 'parse_url("token_url", without_last_slash(path),', "chat", "urls_that_would_break_out"],
    ["the picture's handlers are allowed by hash", `${chat}/server/csp.rs`, "format!(\"'{hash}'\")", "format!(\"'x{hash}'\")", "app", "a picture and a file"],
    ["style attributes are allowed", "src/server/http/security_headers.rs", 'format!("style-src-attr {}", widget.style_src_attr)', 'format!("style-src-attr {}", widget.style_src)', "app", "no violation of its policy"],
];

for (const [name, file, from] of protections)
    if (readFileSync(file, "utf8").split(from).length !== 2) throw new Error(`${name}: ${file} must hold exactly once: ${from}`);
if (process.argv[2] === "--check") process.exit(0);

// The copy: what git tracks, as it is now, and what scripts/tools.sh installed. Only what was built there is kept.
const copy = resolve("target/protections");
mkdirSync(copy, { recursive: true });
for (const old of readdirSync(copy)) if (old !== "target") rmSync(join(copy, old), { recursive: true });
execFileSync("sh", ["-c", `git ls-files --cached --others --exclude-standard -z | xargs -0 cp --parents -t ${copy}`]);
cpSync("public/widget", join(copy, "public/widget"), { recursive: true });
symlinkSync(resolve("node_modules"), join(copy, "node_modules"));
process.chdir(copy);

const run = (command, ...options) => spawnSync(command, options, { encoding: "utf8", shell: false });
let shownByNothing = 0;
// The browser tests start both servers, whichever of them a test is about.
if (run("scripts/example.sh").status !== 0 || run("cargo", "leptos", "build").status !== 0) throw new Error("the copy does not build");

function browserTests(project, tests) {
    const built = project !== "example" ? run("cargo", "leptos", "build") : run("scripts/example.sh");
    if (built.status !== 0) throw new Error(`it does not build:\n${built.stderr.slice(-2000)}`);
    const options = ["playwright", "test", "-c", "end2end", "--project", project, "--timeout", "15000", "-g", tests];
    const report = run("npx", ...options, "--reporter", "json");
    const { stats } = JSON.parse(report.stdout.slice(report.stdout.indexOf("{\n")));
    return { failed: stats.unexpected, ran: stats.unexpected + stats.expected };
}

/** A browser as it is without Playwright. */
function engineTests(engine, tests) {
    const built = run("cargo", "leptos", "build");
    if (built.status !== 0) throw new Error(`it does not build:\n${built.stderr.slice(-2000)}`);
    const { stdout } = run("env", `ENGINE=${engine}`, "node", "--test", "--test-reporter", "tap", "--test-name-pattern", tests, "end2end/engines/");
    const count = (what) => Number(new RegExp(`^# ${what} (\\d+)`, "m").exec(stdout)[1]);
    return { failed: count("fail"), ran: count("fail") + count("pass") };
}

function rustTests(which, tests, before = [], after = []) {
    const { stdout } = run(...before, "cargo", "test", ...which, tests, ...after);
    const count = (what) => Number(new RegExp(`(\\d+) ${what}`).exec(stdout)?.[1] ?? 0);
    return { failed: count("failed"), ran: count("failed") + count("passed") };
}

for (const [name, file, from, to, project, tests] of protections) {
    if (!new RegExp(process.argv[2] ?? "").test(name)) continue;
    const whole = readFileSync(file, "utf8");
    try {
        writeFileSync(file, whole.replace(from, () => to));
        const { failed, ran } = 
            project === "http" ? rustTests(["--test", "server"], tests)
            : project === "chat" ? rustTests(["--package", "leptos-ticketping", "--all-features", "--lib"], tests)
            : project === "unit" ? rustTests(["--lib"], tests)
            : ["chromium", "webkit"].includes(project) ? engineTests(project, tests)
            : project === "upgrade" ? rustTests(["--test", "server"], tests, ["scripts/postgres.sh", "scripts/next-version.sh"], ["--", "--ignored"])
            : browserTests(project, tests);
        if (ran === 0) throw new Error(`no test ran for "${name}"`);
        if (failed === 0) shownByNothing += 1;
        console.log(`${failed > 0 ? "noticed" : "NOT NOTICED"}\t${name}: ${failed} of ${ran} failed`);
    } finally {
        writeFileSync(file, whole);
    }
}
process.exit(shownByNothing === 0 ? 0 : 1);
