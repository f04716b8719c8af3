// What the theme leaves out for keyboards and screen readers.
document.addEventListener("DOMContentLoaded", () => {
    for (const caption of document.querySelectorAll(".caption[role=heading]")) {
        caption.setAttribute("aria-level", "2");
    }
    document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "Site");
    document.querySelector(".toc-drawer")?.setAttribute("aria-label", "Page");
    // What scrolls sideways can be reached by keys, and nothing else is a stop on the way.
    const boxes = document.querySelectorAll(".highlight pre, .table-wrapper");
    const seen = new ResizeObserver((entries) => {
        for (const { target } of entries) {
            if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
            else target.removeAttribute("tabindex");
        }
    });
    boxes.forEach((box) => seen.observe(box));
});
