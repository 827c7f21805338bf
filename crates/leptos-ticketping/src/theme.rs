//! The widget's colours.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

macro_rules! theme {
    ($($(#[$doc:meta])* $field:ident => $key:literal,)*) => {
        /// The widget's colours, each a CSS colour. One that you leave out stays the widget's own.
        ///
        /// `var(--accent)` is a CSS colour too: give the widget your page's custom properties, and it changes
        /// with your page's theme by itself.
        ///
        /// ```
        /// let theme = leptos_ticketping::Theme::new().primary_color("var(--accent)").icon_color("white");
        /// ```
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Theme {
            $($field: Option<Cow<'static, str>>,)*
        }

        impl Theme {
            $(
                $(#[$doc])*
                pub fn $field(mut self, color: impl Into<Cow<'static, str>>) -> Self {
                    self.$field = Some(color.into());
                    self
                }
            )*

            /// The colours that were given, by the widget's own keys.
            pub(crate) fn colors(&self) -> impl Iterator<Item = (&'static str, &str)> {
                [$(($key, self.$field.as_deref()),)*].into_iter().filter_map(|(key, color)| Some((key, color?)))
            }
        }
    };
}

theme! {
    /// Bubble, header, buttons.
    primary_color => "primaryColor",
    /// Text on buttons.
    primary_button_text => "primaryButtonText",
    /// Buttons under the pointer.
    primary_hover => "primaryHover",
    /// The icon in the bubble.
    icon_color => "iconColor",
    /// Text.
    text_primary => "textPrimary",
    /// Less important text.
    text_secondary => "textSecondary",
    /// Hints and times.
    text_muted => "textMuted",
    /// The window.
    background => "background",
    /// Areas in it.
    background_secondary => "backgroundSecondary",
    /// Areas in those.
    background_tertiary => "backgroundTertiary",
    /// Lines.
    border => "border",
    /// Fainter lines.
    border_light => "borderLight",
    /// The number of unread messages.
    notification_bg => "notificationBg",
    /// An agent who is there.
    success_color => "successColor",
    /// An agent who is away.
    offline_color => "offlineColor",
    /// Behind an error.
    error_bg => "errorBg",
    /// An error.
    error_text => "errorText",
    /// Around an error.
    error_border => "errorBorder",
    /// The faintest shadow.
    shadow_light => "shadowLight",
    /// Shadows.
    shadow_medium => "shadowMedium",
    /// The darkest shadow.
    shadow_dark => "shadowDark",
}

impl Serialize for Theme {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.colors())
    }
}

impl Theme {
    /// The widget's own colours.
    pub fn new() -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_given_by_the_widgets_own_keys_and_owned_or_static() {
        let theme = Theme::new().primary_button_text("#fff").notification_bg(String::from("red"));
        let colors: Vec<_> = theme.colors().collect();
        assert_eq!(colors, [("primaryButtonText", "#fff"), ("notificationBg", "red")]);
        assert_eq!(Theme::new().colors().count(), 0);
    }
}
