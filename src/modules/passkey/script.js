(() => {
  'use strict';
  const button = document.getElementById('passkey');
  if (!button || !window.PublicKeyCredential || !navigator.credentials) return;
  const notice = document.getElementById('passkey-notice');
  const email = document.getElementById('email');
  const said = button.dataset;
  let autofill = new AbortController();

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  async function ask(path, body) {
    const reply = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = await reply.json().catch(() => ({}));
    if (reply.ok) return answer;
    throw Object.assign(new Error(path), {
      kind: String(answer.type).split(':').pop(),
      detail: answer.detail,
    });
  }

  function sent(credential, response) {
    return {
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
    };
  }

  async function make(path, whom) {
    const publicKey = (await ask(path + 'start', whom)).publicKey;
    publicKey.challenge = bytes(publicKey.challenge);
    publicKey.user.id = bytes(publicKey.user.id);
    publicKey.excludeCredentials = known(publicKey.excludeCredentials);
    const made = await navigator.credentials.create({ publicKey });
    return sent(made, {
      clientDataJSON: text(made.response.clientDataJSON),
      attestationObject: text(made.response.attestationObject),
    });
  }

  async function add() {
    const credential = await make('/auth/passkey/register/', {});
    const name = document.getElementById('name').value;
    await ask('/auth/passkey/register/finish', { credential, name });
    location.assign(location.pathname);
  }

  // Makes an account with a passkey: the button's form without its password.
  async function join() {
    const fields = [...button.form.elements].filter((field) => field.name && field.type !== 'password');
    const wrong = fields.find((field) => !field.checkValidity());
    if (wrong) {
      wrong.reportValidity();
      button.disabled = false;
      return;
    }
    const form = Object.fromEntries(fields.map((field) => [field.name, field.value]));
    const credential = await make(said.join, form);
    location.assign((await ask(said.join + 'finish', { form, credential })).location);
  }

  // At the page for the second factor (`data-path`), or at the one for signing in.
  async function signIn(entered, more) {
    const path = said.path || '/auth/passkey/auth/';
    const whom = said.path ? { return_to: said.returnTo } : entered ? { email: entered } : {};
    const started = await ask(path + 'start', whom);
    if (started.location) return location.assign(started.location);
    const publicKey = started.publicKey;
    publicKey.challenge = bytes(publicKey.challenge);
    publicKey.allowCredentials = known(publicKey.allowCredentials);
    const found = await navigator.credentials.get({ publicKey, ...more });
    const handle = found.response.userHandle;
    const credential = sent(found, {
      clientDataJSON: text(found.response.clientDataJSON),
      authenticatorData: text(found.response.authenticatorData),
      signature: text(found.response.signature),
      userHandle: handle && handle.byteLength ? text(handle) : null,
    });
    const answer = { credential, return_to: said.returnTo };
    const remember = document.getElementById('remember');
    if (remember) answer.remember = remember.checked;
    try {
      location.assign((await ask(path + 'finish', answer)).location);
    } catch (error) {
      // Password managers then stop offering what was removed here.
      if (error.kind === 'passkey-unknown' && PublicKeyCredential.signalUnknownCredential) {
        PublicKeyCredential.signalUnknownCredential({ rpId: publicKey.rpId, credentialId: found.id })
          .catch(() => {});
      }
      throw error;
    }
  }

  function tell(error) {
    const words = {
      InvalidStateError: said.already,
      conflict: said.already,
      'authenticator-not-allowed': said.notAllowed,
      'passkey-suspected': said.suspected,
    };
    const refused = error.kind === 'registration-refused' && error.detail;
    notice.textContent = refused || words[error.kind || error.name] || said.failed;
    notice.hidden = false;
  }

  // Offers passkeys where the address is typed, anew before each challenge has expired.
  async function offer() {
    const can = PublicKeyCredential.isConditionalMediationAvailable;
    if (!email || !can || !(await can.call(PublicKeyCredential))) return;
    for (;;) {
      const own = new AbortController();
      autofill = own;
      const timer = setTimeout(() => own.abort('expired'), said.renewAfter * 1000);
      try {
        return await signIn('', { mediation: 'conditional', signal: own.signal });
      } catch (error) {
        if (own.signal.reason !== 'expired') {
          if (error.kind) tell(error);
          return;
        }
      } finally {
        clearTimeout(timer);
      }
    }
  }

  button.addEventListener('click', async () => {
    notice.hidden = true;
    button.disabled = true;
    autofill.abort('clicked');
    try {
      if (said.join) await join();
      else if (said.returnTo === undefined) await add();
      else await signIn(email ? email.value.trim() : '', {});
    } catch (error) {
      tell(error);
      button.disabled = false;
    }
  });
  document.querySelectorAll('.needs-passkeys').forEach((element) => { element.hidden = false; });
  if (said.returnTo !== undefined) offer().catch(() => {});
})();
