// Asks the browser for a passkey when a button with `data-passkey` is pressed, and sends the answer with its form. Only the
// pages that have such a button load this: in the WASM it would be a part of every page.
addEventListener("submit", async (submit) => {
    const button = submit.submitter;
    const form = submit.target;
    const { credential } = form.elements;
    if (!button?.dataset.passkey || credential.value) return;
    // The server says that the password is missing, before the device has made a passkey for nothing.
    if (form.elements.current?.value === "") return;
    submit.preventDefault();
    form.closest("section")?.querySelector(".done")?.remove();
    const message = form.querySelector("[data-passkey-message]");
    message.hidden = true;
    message.role = "alert";
    form.ariaBusy = "true";
    try {
        if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
            message.textContent = "This browser does not support passkeys. Use another method.";
            message.hidden = false;
            return;
        }
        const asked = JSON.parse(button.dataset.options);
        const answer =
            button.dataset.passkey === "create"
                ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) })
                : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
        credential.value = JSON.stringify(answer);
        form.requestSubmit(button);
        // An answer is good once, and history may bring this page back.
        credential.value = "";
    } catch (error) {
        console.debug(error);
        message.textContent =
            error.name === "InvalidStateError"
                ? "This device already has a passkey for your account."
                : "No passkey was used. Try again, or use another method.";
        message.hidden = false;
    } finally {
        form.ariaBusy = null;
    }
});
