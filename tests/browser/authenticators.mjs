// Virtual authenticators of Chromium (https://chromedevtools.github.io/devtools-protocol/tot/WebAuthn/).

export const DEVICE = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
export const KEY = { ...DEVICE, transport: "usb", hasResidentKey: false };
export const TOUCH_ONLY = { ...KEY, hasUserVerification: false, isUserVerified: false };

/** Plugs one in at this page's browser, and gives its id. */
export async function plugIn(cdp, options) {
  await cdp.send("WebAuthn.enable", { enableUI: false });
  const added = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: { ...options, automaticPresenceSimulation: true },
  });
  return added.authenticatorId;
}
