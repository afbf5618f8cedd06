// Asks the device for a passkey, then sends the form that asked. A form says what it wants in `data-passkey`
// (`create` or `get`) and with which options in `data-options`; the answer goes into its field `passkey`.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const listed = (credentials) => credentials?.map((each) => ({ ...each, id: bytes(each.id) }));

function read(options) {
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  options.excludeCredentials = listed(options.excludeCredentials);
  options.allowCredentials = listed(options.allowCredentials);
  return options;
}

function write(credential) {
  const { response } = credential;
  const parts = ["attestationObject", "clientDataJSON", "authenticatorData", "signature", "userHandle"];
  const known = parts.filter((name) => response[name]).map((name) => [name, text(response[name])]);
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    extensions: credential.getClientExtensionResults(),
    response: Object.fromEntries(known),
  });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  // What is no use without a device is hidden until it is known that the browser can ask one.
  form.hidden = !globalThis.PublicKeyCredential;
  form.addEventListener("submit", async (event) => {
    if (form.elements.passkey.value) return;
    event.preventDefault();
    const publicKey = read(JSON.parse(form.dataset.options).publicKey);
    try {
      const credential = await navigator.credentials[form.dataset.passkey]({ publicKey });
      form.elements.passkey.value = write(credential);
      form.requestSubmit();
    } catch {
      // Whoever closes the device's dialog stays on the page.
      form.querySelector("button").focus();
    }
  });
}
