using ViSurf.Core.Common;

namespace ViSurf.Core.Rewards.Algebra;

/// <summary>When two mathematical answers count as equal.</summary>
public enum MathGrading
{
    /// <summary>
    /// As MathRuler (and PRM800K's grader): an unreduced fraction is wrong (10/4 is not 5/2), an integer must be written as one, powers in braces or
    /// parentheses are not evaluated (<c>\sqrt{2}</c> is not <c>2^{1/2}</c>).
    /// </summary>
    MathRuler,

    /// <summary>Equal values are equal, however they are written: 10/4 is 5/2, 6/3 is 2, <c>\sqrt{2}</c> is <c>2^{1/2}</c>. Right wherever MathRuler says so.</summary>
    Value,
}

/// <summary>
/// Whether a mathematical answer equals the ground truth, by the steps of MathRuler: equal after the normalisation of the MATH data set; equal
/// after that of PRM800K; tuples element by element; otherwise the difference is evaluated.
/// </summary>
/// <remarks>
/// MathRuler asks a computer algebra system whether the difference simplifies to zero. Here both sides are evaluated: exactly, in fractions,
/// where they hold numbers only, and otherwise in double precision at several points, which is right for expressions of this size. A value
/// that is not finite (<c>0^{-1}</c>, <c>9**9**9**9</c>) equals nothing; <c>\infty</c> equals itself by its form.
/// </remarks>
public static class MathEquivalence
{
    /// <summary>Longer answers are compared as they are: nobody asks for such, and what follows is not built for them.</summary>
    public const int MaximumLength = 2000;

    private const string Brackets = "()[]";

    /// <summary>Whether the two are equal.</summary>
    /// <param name="answer">The given answer, without <c>\boxed</c>.</param>
    /// <param name="truth">The ground truth.</param>
    /// <param name="grading">See <see cref="MathGrading"/>.</param>
    public static bool AreEqual(string answer, string truth, MathGrading grading = MathGrading.MathRuler)
    {
        Guard.NotNull(answer);
        Guard.NotNull(truth);
        if (answer.Length > MaximumLength || truth.Length > MaximumLength) return answer.Trim() == truth.Trim();
        if (MathSetForm.Of(answer) == MathSetForm.Of(truth)) return true;
        return AreEqualForms(Prm800kForm.Of(answer), Prm800kForm.Of(truth), MathGrading.MathRuler)
               || (grading == MathGrading.Value && AreEqualForms(Prm800kForm.Of(answer, keepPowers: true), Prm800kForm.Of(truth, keepPowers: true), grading));
    }

    private static bool AreEqualForms(string answer, string truth, MathGrading grading)
    {
        if (answer == truth) return true;
        if (answer.Length == 0) return false;
        var (given, wanted) = (Elements(answer), Elements(truth));
        if (wanted.Length > 1 && (truth[0] != answer[0] || truth[^1] != answer[^1])) return false;
        return given.Length == wanted.Length && given.Zip(wanted).All(pair => AreEqualElements(pair.First, pair.Second, grading));
    }

    private static bool AreEqualElements(string answer, string truth, MathGrading grading)
    {
        if (grading == MathGrading.MathRuler)
        {
            if (IsFraction(answer) && IsFraction(truth)) return answer == truth;
            if (IsInteger(answer) != IsInteger(truth) || !MayBeEvaluated($"({truth})-({answer})")) return false;
        }
        return Expression.AreEqual(answer, truth);
    }

    /// <summary>The elements of a tuple or interval, or the whole text.</summary>
    private static string[] Elements(string text)
    {
        text = Prm800kForm.WithoutThousandsCommas(text);
        if (text.Length == 0) return [];
        var isTuple = text.Length > 2 && Brackets.Contains(text[0]) && Brackets.Contains(text[^1]) && text.AsSpan(1, text.Length - 2).IndexOfAny(Brackets) < 0;
        return isTuple ? text[1..^1].Split(',').Select(e => e.Trim()).ToArray() : [text];
    }

    /// <summary>Digits, perhaps one more character, a slash, and digits that are not all zeros, perhaps one more character; a minus before.</summary>
    private static bool IsFraction(string text)
    {
        var slash = text.IndexOf('/');
        if (slash < 0) return false;
        var top = text.AsSpan(0, slash);
        var bottom = text.AsSpan(slash + 1);
        if (top.StartsWith("-")) top = top[1..];
        return (AllDigits(top) || (top.Length > 1 && AllDigits(top[..^1]))) && (IsPositive(bottom) || (bottom.Length > 1 && IsPositive(bottom[..^1])));

        static bool AllDigits(ReadOnlySpan<char> part) => part.Length > 0 && !part.ContainsAnyExceptInRange('0', '9');

        static bool IsPositive(ReadOnlySpan<char> part) => AllDigits(part) && part.ContainsAnyExcept('0');
    }

    private static bool IsInteger(string text) => Prm800kForm.TryInteger(Prm800kForm.WithoutThousandsCommas(text), out _);

    /// <summary>MathRuler's guard: at most two different letters, no power of an expression, no power of a power, no exponent of two digits.</summary>
    private static bool MayBeEvaluated(string text)
    {
        var letters = text.Replace("sqrt", "", StringComparison.Ordinal).Replace("frac", "", StringComparison.Ordinal).Where(char.IsLetter).Distinct().Count();
        if (letters > 2) return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '^') continue;
            if (i + 1 < text.Length && text[i + 1] is '{' or '(') return false;
            var digits = 0;
            while (i + 1 + digits < text.Length && char.IsAsciiDigit(text[i + 1 + digits])) digits++;
            if (digits >= 2 || (digits > 0 && i + 1 + digits < text.Length && text[i + 1 + digits] == '^')) return false;
        }
        return true;
    }
}
