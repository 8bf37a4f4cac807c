// Texts that are hard to read: contrast below 4.5 (3 for large letters), or letters below 11 pixels as drawn.
// Contrast after WCAG 2.2, 1.4.3; texts over pictures, hidden ones and those of disabled controls are left out.
() => {
  const channels = (text) => (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = ([r, g, b, a = 1], [s, t, u]) => [r * a + s * (1 - a), g * a + t * (1 - a), b * a + u * (1 - a)];
  const linear = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const contrast = (one, other) => {
    const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) layers.unshift(channels(getComputedStyle(one).backgroundColor));
    return layers.reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const opacity = (element) => {
    let value = 1;
    for (let one = element; one; one = one.parentElement) value *= Number(getComputedStyle(one).opacity);
    return value;
  };
  const said = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    if (!text || element.closest("script, noscript, .view, .unseen, :disabled") || !element.checkVisibility()) continue;
    const style = getComputedStyle(element), graphic = element.closest("svg");
    const scale = graphic && graphic.viewBox.baseVal.width ? graphic.getBoundingClientRect().width / graphic.viewBox.baseVal.width : 1;
    const size = parseFloat(style.fontSize) * scale;
    const paper = behind(element), ink = channels(graphic ? style.fill : style.color);
    ink[3] = (ink[3] ?? 1) * opacity(element);
    const found = contrast(over(ink, paper), paper), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (found < (large ? 3 : 4.5)) said.set(`${found.toFixed(2)} of ${style.color}`, text.slice(0, 40));
    if (size < 11) said.set(`${size.toFixed(1)} pixels`, text.slice(0, 40));
  }
  return [...said].map(([fault, text]) => `${fault}: ${text}`);
}
