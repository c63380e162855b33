// Draws the API's own description. Nothing is asked of another host: the online validator stays off.
document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("api-docs");
  window.SwaggerUIBundle({
    domNode: place,
    url: place.dataset.schema,
    validatorUrl: null,
    deepLinking: true,
    docExpansion: "none",
    defaultModelsExpandDepth: -1,
    presets: [window.SwaggerUIBundle.presets.apis],
    requestInterceptor: (request) => {
      const token = JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"];
      if (token) request.headers["X-CSRFToken"] = token;
      return request;
    },
  });
});
