using System.Diagnostics;
using System.Globalization;
using System.Text;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Testing.Checks;

/// <summary>
/// Measures how time grows when a completion becomes four times as long, on texts that scans like to stumble over. In proportion is a factor of 4, a quadratic
/// scan 16; more than 8, the middle of the two, fails when it is seen three times in a row.
/// Times below 0.03 s count as 0.03 s: they are noise.
/// </summary>
internal static class LinearityCheck
{
    private const double Growth = 8, Noise = 0.03, SecondsPerMegabyte = 5;

    private static readonly int[] Lengths = [1_000, 4_000, 16_000, 64_000, 256_000];

    public static Finding Run(IRewardFunction reward, IReadOnlyList<VisionExample> examples, LabelFormat format, TimeSpan patience)
    {
        var problems = new List<string>();
        foreach (var example in examples.Where(e => Applies(reward, e)).Take(2))
            foreach (var part in Parts(example, format))
                foreach (var wrap in new[] { "{0}", "<think></think><answer>{0}</answer>", "<think></think><answer>[{0}]</answer>", "\\boxed{{{0}}}" })
                {
                    if (Problem(reward, example, part, CompositeFormat.Parse(wrap), patience) is not { } problem) continue;
                    problems.Add($"{problem} Text: {string.Format(CultureInfo.InvariantCulture, wrap, Shortened(part) + "…")}");
                    // One is enough, and a slow reward would be measured for long.
                    return new Finding(problems);
                }
        return new Finding(problems);
    }

    private static IEnumerable<string> Parts(VisionExample example, LabelFormat format)
    {
        string[] parts = ["a", " ", "word ", "A. ", "<", "<think>", "</think> ", "<answer>", "[", "{\"a\":", "{\"a\":1},", "9", "1,", "(", "\\boxed{", "\\frac{1}{2}", "```"];
        return example.Target is { } target ? parts.Append(target.Serialize(format) + ", ") : parts;
    }

    private static bool Applies(IRewardFunction reward, VisionExample example)
        => new Case(example, "", null, Some.Completion("<think></think><answer>a</answer>")).Value(reward) is not null;

    private static string? Problem(IRewardFunction reward, VisionExample example, string part, CompositeFormat wrap, TimeSpan patience)
    {
        var before = 0.0;
        foreach (var length in Lengths)
        {
            var text = string.Format(CultureInfo.InvariantCulture, wrap, new StringBuilder().Insert(0, part, length / part.Length + 1));
            var completion = Some.Completion(text);
            if (Seconds(reward, example, completion, patience) is not { } seconds)
                return FormattableString.Invariant($"expected an answer for {text.Length} characters, got none within {patience.TotalSeconds} s.");
            var limit = SecondsPerMegabyte * Math.Max(text.Length, 100_000) / 1e6;
            for (var again = 0; again < 2 && (IsTooMuch(seconds, before) || seconds > limit); again++)
                seconds = Math.Min(seconds, Seconds(reward, example, completion, patience) ?? double.PositiveInfinity);
            if (IsTooMuch(seconds, before))
                return FormattableString.Invariant($"expected time in proportion to length, got {seconds / before:0.#} times as long for 4 times the characters ({before:0.####} s, then {seconds:0.####} s for {text.Length}).");
            if (seconds > limit)
                return FormattableString.Invariant($"expected less than {limit:0.#} s for {text.Length} characters, got {seconds:0.#} s.");
            before = Math.Max(seconds, Noise);
        }
        return null;
    }

    private static bool IsTooMuch(double seconds, double before) => before > 0 && seconds > Growth * before;

    /// <summary>On a thread of its own: what does not come back is left behind. null when it did not.</summary>
    private static double? Seconds(IRewardFunction reward, VisionExample example, Completion completion, TimeSpan patience)
    {
        var seconds = 0.0;
        var thread = new Thread(() =>
        {
            var watch = Stopwatch.StartNew();
            try
            {
                reward.Score(example, completion);
            }
            catch (Exception)
            {
                // Another check says so.
            }
            seconds = watch.Elapsed.TotalSeconds;
        }) { IsBackground = true };
        thread.Start();
        return thread.Join(patience) ? seconds : null;
    }

    private static string Shortened(string text) => text.Length <= 40 ? text : text[..40];
}
