// Calls the app's own API with a fresh token from the host, and says in the
// page how it went.
function callApp(method, path, body) {
  return new Promise((resolve, reject) => {
    AP.context.getToken((token) => {
      fetch(path, {
        method,
        headers: { Authorization: "JWT " + token, ...(body && { "Content-Type": "application/json" }) },
        body: body && JSON.stringify(body),
      }).then(async (answer) => {
        const text = await answer.text();
        answer.ok ? resolve(text) : reject(new Error(text.trim() || answer.statusText));
      }, () => reject(new Error("The app cannot be reached.")));
    });
  });
}

function say(text, failed) {
  const message = document.getElementById("message");
  message.textContent = text;
  message.className = failed ? "failed" : "done";
  AP.resize();
}
