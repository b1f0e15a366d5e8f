// Calls the app's own API with a fresh token from the host, and says in the
// page how it went.
async function callApp(method, path, body) {
  const token = await hostToken();
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: { Authorization: "JWT " + token, ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Error("The app cannot be reached. Try again in a minute.");
  }
  const text = await answer.text();
  if (!answer.ok) throw new Error(text.trim() || answer.statusText);
  return text;
}

// Asks the host for a token. Where the host's script did not load, or does not
// answer, that is an error in words.
function hostToken() {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error("Jira gave no token. Reload the page and try again."));
    if (!window.AP) {
      reject(new Error("This page cannot talk to Jira: Jira's script did not load. Reload the page."));
      return;
    }
    setTimeout(fail, 20000);
    try {
      Promise.resolve(AP.context.getToken(resolve)).catch(fail);
    } catch {
      fail();
    }
  });
}

function say(text, failed) {
  const message = document.getElementById("message");
  message.textContent = text;
  message.className = failed ? "failed" : "done";
  fit();
}

// Lets the host fit the frame to what the page shows now.
function fit() {
  window.AP?.resize();
}
