using FluentAssertions;
using ViSurf.Core.Rewards.Algebra;
using ViSurf.Core.Rewards.Parsing;
using ViSurf.Core.Tests.Rewards.Algebra;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Parity;

/// <summary>Mathematical answers against MathRuler's verdicts, all of them: what we judge otherwise on purpose is another setting, <see cref="MathGrading.Value"/>.</summary>
public sealed class MathRulerParity
{
    [Fact]
    public void Every_verdict_is_MathRulers()
    {
        using var json = Fixtures.Json("rewards.json");
        var cases = json.RootElement.GetProperty("math").EnumerateArray()
            .Select(c => (Answer: c.GetProperty("answer").GetString()!, Truth: c.GetProperty("ground_truth").GetString()!, Correct: c.GetProperty("correct").GetBoolean())).ToArray();
        cases.Should().NotBeEmpty();
        cases.Where(c => MathEquivalence.AreEqual(c.Answer, c.Truth) != c.Correct).Should().BeEmpty();
    }

    [Fact]
    public void Every_boxed_answer_is_MathRulers()
    {
        using var json = Fixtures.Json("rewards.json");
        var cases = json.RootElement.GetProperty("boxed").EnumerateArray()
            .Select(c => (Text: c.GetProperty("text").GetString()!, Boxed: c.GetProperty("boxed").GetString()!)).ToArray();
        cases.Should().NotBeEmpty();
        cases.Where(c => (BoxedText.Last(c.Text) ?? "None") != c.Boxed).Should().BeEmpty();
    }

    [Fact]
    public void Written_variants_of_the_MATH_answers_are_judged_as_by_MathRuler()
    {
        var cases = MathRulerCases.Lines.Split('\n').Select(line => line.TrimEnd('\r').Split('\t')).ToArray();
        cases.Should().HaveCount(200).And.OnlyContain(c => c.Length == 3);
        cases.Where(c => MathEquivalence.AreEqual(c[0], c[1]) != (c[2] == "right")).Select(c => string.Join(" | ", c)).Should().BeEmpty();
    }

    [Fact]
    public void Judged_by_value_a_right_answer_stays_right()
    {
        using var json = Fixtures.Json("rewards.json");
        foreach (var c in json.RootElement.GetProperty("math").EnumerateArray().Where(c => c.GetProperty("correct").GetBoolean()))
        {
            var (answer, truth) = (c.GetProperty("answer").GetString()!, c.GetProperty("ground_truth").GetString()!);
            MathEquivalence.AreEqual(answer, truth, MathGrading.Value).Should().BeTrue($"{answer} is {truth}");
        }
    }
}
