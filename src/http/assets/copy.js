// Copies the link, where the browser lets us.

const link = document.querySelector("[data-link]");
const button = document.querySelector("[data-copy]");
const announce = document.querySelector("[data-announce]");

function select() {
  const range = document.createRange();
  range.selectNodeContents(link);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

async function copy() {
  try {
    await navigator.clipboard.writeText(link.textContent);
    return true;
  } catch {
    // No clipboard on plain http and in older browsers: the selection does.
    select();
    return document.execCommand("copy");
  }
}

button.hidden = false;
button.addEventListener("click", async () => {
  const text = (await copy()) ? button.dataset.done : button.dataset.failed;
  button.textContent = text;
  announce.textContent = text;
});
