//! The release of the widget that this crate is made for. `scripts/widget.sh` reads the version and the hashes from
//! here too; beside this file, only the crate's README names the version.
//!
//! To move to another release: change the version and all hashes here, and the version in the README; read what `browser/`
//! uses of the widget (`bindings.rs`, `hooks.rs`, `keyboard.rs`, `resume.rs`, `widget.rs`), and where its classes are named
//! outside (`style/chat.css`, `public/navigation.js`, the README); then run the browser tests. They fail where the new release
//! behaves differently.

/// The version of `@ticketping/chat-widget` on npm.
pub const WIDGET_VERSION: &str = "1.12.0";

/// The subresource integrity of its `dist/widget.min.js`.
pub const SCRIPT_INTEGRITY: &str = "sha384-phnqqJEJWQaslEb1lvpT7aMp3Bn7JLy++tNE2OaWDJTn/Q5GsvjYgEzkdV8w+3VI";

/// The subresource integrity of its `dist/widget.css`.
pub const STYLE_INTEGRITY: &str = "sha384-amrXtvtkiaQPrH68fWUSqFVCwgeAekvxg92lIiSXD5xzwAAZPNEQYyeiT/SO8qsG";

/// The cookie in which it keeps its chat token.
pub const CHAT_COOKIE: &str = "ticketping_chat_jwt";

/// What this crate has it called under https: no other host of the domain can plant a cookie with this prefix.
pub const SECURE_CHAT_COOKIE: &str = "__Host-ticketping_chat_jwt";

/// What removes either.
pub const EXPIRED_CHAT_COOKIES: [&str; 2] =
    ["ticketping_chat_jwt=; Max-Age=0; Path=/", "__Host-ticketping_chat_jwt=; Max-Age=0; Path=/; Secure"];

/// The hashes of the two inline handlers that the script gives to attached images: they add the class `loaded`
/// or `error` to the element around the image, which stays invisible without them.
pub const ATTACHMENT_HANDLERS: [&str; 2] =
    ["sha256-LX+k3owDWOhnAb81BeRM6hNrljii8IX1yVlOIEYZq5U=", "sha256-YvTMI4EGIi/JpzkErzI871L/OM6MZJEqQJq3qO6v6QM="];
