//! What a browser is, by what it says of itself (`User-Agent`, RFC 9110 10.1.5).
//!
//! A short table of what people use, since the name is shown to its owner and nothing is decided by it.

use std::fmt;

use crate::modules::pages::Language;

/// Browsers by a part of their text, the first that fits. Most say that they are Chrome and Safari as well.
const BROWSERS: [(&str, &str); 15] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("YaBrowser/", "Yandex Browser"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];

/// Systems by a part of the text, the first that fits.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

/// A browser and the system that it runs on, as far as they can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device<'a> {
    browser: Option<&'static str>,
    system: Option<&'static str>,
    text: &'a str,
}

impl<'a> Device<'a> {
    /// Recognises it.
    pub fn of(user_agent: &'a str) -> Self {
        let find = |table: &[(&str, &'static str)]| {
            let found = table.iter().find(|(part, _)| user_agent.contains(part));
            found.map(|(_, name)| *name)
        };
        Self {
            browser: find(&BROWSERS),
            system: find(&SYSTEMS),
            text: user_agent,
        }
    }

    /// Whether the name is one of ours, and not what it says of itself.
    pub(super) fn is_recognised(&self) -> bool {
        self.browser.is_some() || self.system.is_some()
    }

    /// As people call it: "Firefox on Linux".
    pub fn named(&self, language: &'static Language) -> DeviceName<'a> {
        DeviceName {
            device: *self,
            on: language.self_service.on,
        }
    }
}

/// A device's name in some language.
#[derive(Clone, Copy, Debug)]
pub struct DeviceName<'a> {
    device: Device<'a>,
    on: &'static str,
}

impl fmt::Display for DeviceName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.device.browser, self.device.system) {
            (Some(browser), Some(system)) => write!(f, "{browser} {} {system}", self.on),
            (Some(name), None) | (None, Some(name)) => f.write_str(name),
            // What it says itself is better than nothing.
            (None, None) => f.write_str(self.device.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_use_is_called_by_its_name() {
        let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
        let edge = format!("{windows} Edg/120.0.0.0");
        for (text, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0",
                "Firefox on Linux",
            ),
            (windows, "Chrome on Windows"),
            (&edge, "Edge on Windows"),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            ("curl/8.5.0", "curl"),
            ("A thing of its own", "A thing of its own"),
        ] {
            let device = Device::of(text);
            assert_eq!(device.named(Language::fallback()).to_string(), name);
        }
    }
}
