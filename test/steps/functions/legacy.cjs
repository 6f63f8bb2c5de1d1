module.exports = function legacy(input) {
  return { legacy: input };
};
module.exports.named = () => "named";
