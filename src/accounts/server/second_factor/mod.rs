//! What a user proves with that it is them, beside the password: an authenticator app, a passkey, or a recovery code.
//! Nobody has to: it is off until a user sets it up.

mod authenticator_app;
pub mod factors;
mod passkeys;
mod pending_log_in;
mod recovery_codes;
mod user_factors;

pub use authenticator_app::AuthenticatorApp;
pub use factors::Factors;
pub use passkeys::{PasskeyError, Passkeys};
pub use pending_log_in::{PendingLogIn, PendingLogIns};
pub use recovery_codes::RecoveryCode;
pub use user_factors::{Factor, FactorKind, UserFactors};
