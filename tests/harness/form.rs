//! HTML forms, filled in and sent as a browser would.

use reqwest::Url;

use super::html::{Tag, tags};

/// A form of a page.
#[derive(Clone, Debug)]
pub struct Form {
    /// Where it is sent to.
    pub action: Url,
    /// `GET` or `POST`.
    pub method: reqwest::Method,
    /// What is sent: names and values, in the order of the page.
    pub fields: Vec<(String, String)>,
    /// The buttons that send it, each a name and a value; only the one that was pressed is sent.
    pub buttons: Vec<(String, String)>,
}

impl Form {
    /// All forms of the page that was found at this URL.
    pub fn all(html: &str, page: &Url) -> Vec<Self> {
        tags(html)
            .split(|tag| tag.name == "/form")
            .filter_map(|before_the_end| {
                let start = before_the_end.iter().rposition(|tag| tag.name == "form")?;
                Some(Self::read(&before_the_end[start..], page))
            })
            .collect()
    }

    /// Reads a form from its start tag and all that follow until it ends.
    fn read(tags: &[Tag], page: &Url) -> Self {
        let form = &tags[0];
        let mut fields = Vec::new();
        let mut buttons = Vec::new();
        for (place, control) in tags.iter().enumerate() {
            let Some(name) = control.attribute("name").map(str::to_owned) else {
                continue;
            };
            if control.attribute("disabled").is_some() {
                continue;
            }
            let value = control.attribute("value").map(str::to_owned);
            let kind = control.attribute("type").unwrap_or_default();
            match (control.name.as_str(), kind) {
                ("button", "" | "submit") | ("input", "submit" | "image") => {
                    buttons.push((name, value.unwrap_or_default()));
                }
                ("input", "button" | "reset" | "file") => {}
                ("input", "checkbox" | "radio") if control.attribute("checked").is_none() => {}
                ("input", "checkbox" | "radio") => {
                    fields.push((name, value.unwrap_or_else(|| "on".to_owned())));
                }
                ("input", _) => fields.push((name, value.unwrap_or_default())),
                ("textarea", _) => fields.push((name, control.text.clone())),
                ("select", _) => {
                    let options = || {
                        tags[place + 1..]
                            .iter()
                            .take_while(|tag| tag.name != "/select")
                            .filter(|tag| tag.name == "option")
                    };
                    let chosen = options()
                        .find(|option| option.attribute("selected").is_some())
                        .or_else(|| options().next());
                    if let Some(option) = chosen {
                        let value = option.attribute("value").unwrap_or(option.text.trim());
                        fields.push((name, value.to_owned()));
                    }
                }
                _ => {}
            }
        }
        let is_post = form
            .attribute("method")
            .is_some_and(|method| method.eq_ignore_ascii_case("post"));
        Self {
            action: page
                .join(form.attribute("action").unwrap_or_default())
                .expect("an action that is a URL"),
            method: if is_post {
                reqwest::Method::POST
            } else {
                reqwest::Method::GET
            },
            fields,
            buttons,
        }
    }

    pub fn has_field(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    /// Fills in a field; panics if the form has no such field, as a person would look for it in vain.
    #[track_caller]
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        let Some(field) = self.fields.iter_mut().find(|(field, _)| field == name) else {
            panic!("no field {name} in {self:#?}");
        };
        value.clone_into(&mut field.1);
        self
    }

    /// Presses the button of this name and value.
    #[track_caller]
    pub fn press(mut self, name: &str, value: &str) -> Self {
        let button = (name.to_owned(), value.to_owned());
        assert!(
            self.buttons.contains(&button),
            "no button {name}={value} in {self:#?}"
        );
        self.fields.push(button);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(html: &str) -> Vec<Form> {
        let page = "http://localhost:3000/auth/login?flow=1".parse().unwrap();
        Form::all(html, &page)
    }

    #[test]
    fn a_form_sends_what_a_browser_would() {
        let form = forms(
            r#"<form method=post action="/auth/login">
                 <input type="hidden" name="csrf" value="a&amp;b">
                 <label>Mail <input name="email" type="email"></label>
                 <input name="password" type="password">
                 <input name="gone" value="x" disabled>
                 <input type="checkbox" name="remember" checked>
                 <input type="checkbox" name="other" value="1">
                 <select name="lang"><option value="en">English<option value="de" selected>Deutsch</select>
                 <textarea name="note">hello</textarea>
                 <input value="no name">
                 <button name="decision" value="allow">Allow</button>
                 <button name="decision" value="deny">Deny</button>
                 <button type="button" name="script" value="only">Script</button>
               </form>"#,
        )
        .remove(0)
        .fill("email", "ada@example.com")
        .press("decision", "deny");

        assert_eq!(form.action.as_str(), "http://localhost:3000/auth/login");
        assert_eq!(form.method, reqwest::Method::POST);
        let sent: Vec<_> = form
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            sent,
            [
                ("csrf", "a&b"),
                ("email", "ada@example.com"),
                ("password", ""),
                ("remember", "on"),
                ("lang", "de"),
                ("note", "hello"),
                ("decision", "deny"),
            ]
        );
    }

    #[test]
    fn a_form_without_an_action_goes_to_its_own_page() {
        let form = forms("<form method=post><input name=a></form>").remove(0);
        assert_eq!(
            form.action.as_str(),
            "http://localhost:3000/auth/login?flow=1"
        );
        assert_eq!(forms("<form><input name=a></form>")[0].method, "GET");
    }

    #[test]
    #[should_panic(expected = "no field mail")]
    fn a_field_that_is_not_there_cannot_be_filled() {
        let _ = forms("<form><input name=email></form>")
            .remove(0)
            .fill("mail", "x");
    }

    #[test]
    #[should_panic(expected = "no button decision=allow")]
    fn a_button_that_is_not_there_cannot_be_pressed() {
        let _ = forms("<form><button name=decision value=deny>Deny</button></form>")
            .remove(0)
            .press("decision", "allow");
    }
}
