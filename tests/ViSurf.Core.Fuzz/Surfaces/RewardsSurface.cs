using System.Globalization;
using System.Reflection;
using ViSurf.Core.Data;
using ViSurf.Core.Fuzz.Making;
using ViSurf.Core.Rewards;
using ViSurf.Core.Testing;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>
/// Every reward × labels × hostile texts: a value within the reward's bounds, the same twice and in any culture, or none; never an
/// exception for a completion.
/// </summary>
internal sealed class RewardsSurface : ISurface
{
    private static readonly Target[] Labels =
    [
        new GroundingTarget([new GroundedObject(new Box(10, 20, 110, 90), new PixelPoint(60, 55)),
            new GroundedObject(new Box(300, 310, 420, 500), new PixelPoint(360, 405))]), new GroundingTarget([]),
        new DetectionTarget([new LabelledBox(new Box(10, 20, 110, 90), "cat"), new LabelledBox(new Box(300, 310, 420, 500), "dog")]),
        new DetectionTarget([]),
        new SegZeroTarget(new Box(10, 20, 210, 190), new PixelPoint(50, 60), new PixelPoint(150, 160)),
        new GuiActionTarget("click", Point: new PixelPoint(150, 160)), new GuiActionTarget("type", Text: "hello"),
        new TextTarget("dark red"), new TextTarget("B"), new TextTarget("yes"), new TextTarget("1234.5"), new TextTarget("3"),
        new TextTarget("\\frac{\\sqrt{3}}{2}"), new AnswersTarget(["Dr. Smith", "0"]),
        new MaskTarget(new RunLengthMask(40, 50, [123, 300, 77, 500, 1000])), new MaskTarget(new RunLengthMask(40, 50, [2000])),
    ];

    private static readonly CultureInfo[] Cultures = [.. new[] { "", "tr-TR", "de-DE", "ar-SA", "fa-IR", "hi-IN", "th-TH", "sv-SE",
        "fr-FR", "az-AZ" }.Select(CultureInfo.GetCultureInfo)];
    private readonly IRewardFunction[] _rewards = [.. Library()];

    public void Try(Attempt attempt)
    {
        var (dice, example) = (attempt.Dice, Some.Example(attempt.Dice.Of(Labels), "Which?\nA. red\nB. blue", "row-7"));
        var texts = Completions(dice, example);
        for (var i = 0; i < texts.Length; i++) attempt.Note($"{i}.txt", texts[i]);
        foreach (var reward in _rewards)
        {
            if (!Applies(reward, example)) continue;
            foreach (var text in texts)
            {
                attempt.Count();
                var completion = Some.Completion(text);
                var value = In(CultureInfo.InvariantCulture, () => reward.Score(example, completion));
                Attempt.Expect(value is null || (value >= reward.Minimum && value <= reward.Maximum), $"{reward.Name} gives {value}, "
                    + $"bounds {reward.Minimum} to {reward.Maximum}");
                var again = In(dice.Of(Cultures), () => reward.Score(example, completion));
                Attempt.Expect(value.Equals(again), $"{reward.Name} gives {value}, "
                    + $"then {again} (culture {CultureInfo.CurrentCulture.Name})");
            }
        }
    }

    public void Dispose()
    {
    }

    private static string[] Completions(Dice dice, VisionExample example)
    {
        var label = new LabelFormat().Write(example.Target!);
        var piece = Texts.Of(dice, 20);
        string Block(string text) => $"<think>{Texts.Of(dice, 4)}</think><answer>{text}</answer>";
        return
        [
            piece, Block(piece), Block(Texts.Of(dice, 40)), $"\\boxed{{{Texts.Of(dice, 6)}}}",
            System.Text.Encoding.UTF8.GetString(Bytes.Changed(dice, System.Text.Encoding.UTF8.GetBytes(label))),
            Block(System.Text.Encoding.UTF8.GetString(Json.Changed(dice,
                """[{"bbox_2d": [10, 20, 110, 90], "point_2d": [60, 55], "label": "cat", "Confidence": 0.5}]"""))),
            Block(string.Concat(Enumerable.Repeat(piece[..Math.Min(piece.Length, 20)], 1 + dice.Size(10_000)))),
        ];
    }

    /// <summary>A label that a reward refuses is no matter of the completion.</summary>
    private static bool Applies(IRewardFunction reward, VisionExample example)
    {
        try
        {
            _ = reward.Score(example, Some.Completion("x"));
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static double? In(CultureInfo culture, Func<double?> score)
    {
        CultureInfo.CurrentCulture = culture;
        return score();
    }

    /// <summary>All public rewards that need no argument, and those of the presets.</summary>
    private static IEnumerable<IRewardFunction> Library()
    {
        var types = typeof(IRewardFunction).Assembly.GetTypes().Where(t => t.Namespace == typeof(IRewardFunction).Namespace && t.IsPublic)
            .ToArray();
        var classes = types.Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IRewardFunction)))
            .Select(t => t.GetConstructors().FirstOrDefault(Bare))
            .OfType<ConstructorInfo>().Select(c => (IRewardFunction)c.Invoke(Defaults(c)));
        var statics = types.Where(t => t is { IsAbstract: true, IsSealed: true })
            .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Static)).Where(Bare).ToArray();
        var rewards = statics.Where(m => m.ReturnType == typeof(IRewardFunction))
            .Select(m => (IRewardFunction)m.Invoke(null, Defaults(m))!);
        var suites = statics.Where(m => m.ReturnType == typeof(RewardSuite))
            .SelectMany(m => ((RewardSuite)m.Invoke(null, Defaults(m))!).Rewards.Select(r => r.Function));
        return [.. classes, .. rewards, .. suites, LengthRewards.Overlong(2000, 500), LengthRewards.Cosine(new ExactAnswerReward())];
    }

    private static bool Bare(MethodBase method) => !method.ContainsGenericParameters && method.GetParameters().All(p => p.HasDefaultValue);

    private static object?[] Defaults(MethodBase method) => [.. method.GetParameters().Select(p => p.DefaultValue)];
}
