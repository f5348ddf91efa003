using System.Text;
using ViSurf.Core.Fuzz.Making;
using ViSurf.Core.Rewards.Algebra;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>
/// Towers, roots, infinities and nonsense as answers: no exception, an end in time, and no answer that equals several different truths.
/// </summary>
internal sealed class MathematicsSurface : ISurface
{
    /// <summary>No two of them are equal.</summary>
    private static readonly string[] Truths =
        ["0.5", "\\frac{1}{3}", "42", "-7", "x^2+1", "\\sqrt{2}", "3.14", "2\\pi", "A", "1000000007", "10^{6}", "\\frac{\\sqrt{3}}{2}",
            "(1,2)", "[0,1)", "\\text{yes}", "0.001", "x", "1e9", "2/7"];

    private static readonly string[] Pieces =
        ["0", "1", "2", "9", "42", "0.5", "1e308", "1e-320", "999999999999", "x", "y", "e", "\\pi", "i", "\\infty", "\\sqrt{", "\\frac{",
            "}{", "}", "{", "(", ")", "[", "]", "^", "^{-1}", "**", "!", "+", "-", "*", "/", "=", ",", ".", "\\cdot", "\\times", "\\log",
                "sin", "\\%", "$", " ", "\\text{a}", "\\le", "|", "'", "°", "NaN", "Infinity", "∞"];

    private static readonly string[] Shapes = ["0^{-1}", "0^{-0.5}", "9^9^9^9", "9**9**9**9", "1e308*10", "-0^-1", "9!9!", "0/0", "1/0",
        "(0^{-1})-(0^{-1})", "\\frac{1}{0}", "\\sqrt{-1}", "10^{400}", "0^0", "\\infty", "x/0", "x-x", "0*x", "1e400",
            "2^{2^{2^{2^{2^{2}}}}}", "\\frac{0^{-1}}{0^{-1}}", "e^{e^{e^{e^e}}}"];

    public void Try(Attempt attempt)
    {
        var answer = Make(attempt.Dice);
        attempt.Note("answer.txt", answer);
        foreach (var grading in Enum.GetValues<MathGrading>())
        {
            var equal = Truths.Where(truth => MathEquivalence.AreEqual(answer, truth, grading)).ToArray();
            attempt.Count(Truths.Length);
            Attempt.Expect(equal.Length < 2, $"one answer equals several truths ({grading}): "
                + $"'{answer}' equals {string.Join(" and ", equal)}");
        }
        foreach (var truth in Truths)
        {
            attempt.Count();
            Attempt.Expect(MathEquivalence.AreEqual(truth, truth), $"{truth} is not itself");
        }
    }

    public void Dispose()
    {
    }

    private static string Make(Dice dice)
    {
        if (dice.Once(10)) return Texts.Of(dice);
        var text = new StringBuilder();
        if (dice.Once(2)) text.Append(dice.Of(Shapes));
        for (var n = dice.Size(14); n > 0; n--) text.Append(dice.Once(12) ? dice.Of(Shapes) : dice.Of(Pieces));
        if (dice.Once(30)) text.Insert(0, "\\sqrt{", dice.Below(400)).Append('}', dice.Below(400));
        return text.Length == 0 ? "1" : text.ToString();
    }
}
