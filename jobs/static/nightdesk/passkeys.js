// Passkeys: made, used to come in, and given once more. Without this file, passwords do the same.
"use strict";
const able = Boolean(window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON);

async function ask(url, body) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(told.detail), { said: told.detail });
  return told;
}

async function run(box) {
  const { passkey, begin, complete, then, failed } = box.dataset;
  const status = box.querySelector("[role=status]");
  const button = box.querySelector("button");
  status.textContent = "";
  button.disabled = true;
  try {
    const options = await ask(begin, {});
    const made = passkey === "make"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    const answer = await ask(complete, made.toJSON());
    location.assign(then || answer.redirect_url);
  } catch (error) {
    status.textContent = error.said || failed;
    button.disabled = false;
    button.focus();
  }
}

for (const box of document.querySelectorAll("[data-passkey]")) {
  box.hidden = !able;
  box.querySelector("button").addEventListener("click", () => run(box));
}
