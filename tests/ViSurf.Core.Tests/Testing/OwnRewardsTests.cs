using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rewards.Algebra;
using ViSurf.Core.Rewards.Measures;
using ViSurf.Core.Testing;
using Xunit;

namespace ViSurf.Core.Tests.Testing;

/// <summary>The whole harness on every reward of the library.</summary>
public sealed class OwnRewardsTests
{
    private static readonly VisionExample
        Cats = Some.Example(new DetectionTarget([new LabelledBox(new Box(10, 20, 110, 90), "cat"), new LabelledBox(new Box(300, 310, 420, 500), "dog")]), "Find all cats and dogs.", "cats"),
        NoCats = Some.Example(new DetectionTarget([]), "Find all cats.", "no cats"),
        Seen = Some.Example(new DetectionTarget([new LabelledBox(new Box(10, 20, 110, 90))]) { Form = DetectionForm.VisualRft }, "Find the cat.", "seen"),
        Boxes = Some.Grounding(new Box(10, 20, 110, 90), new Box(300, 310, 420, 500)),
        OneBox = Some.Grounding(new Box(100, 110, 400, 420)),
        NoBoxes = Some.Grounding(),
        Person = Some.Example(new SegZeroTarget(new Box(10, 20, 210, 190), new PixelPoint(50, 60), new PixelPoint(150, 160)), "Find the person."),
        Click = Some.Example(new GuiActionTarget("click", Point: new PixelPoint(1500, 1600)), "Open the menu.", "click"),
        Area = Some.Example(new GuiActionTarget("click", Area: new Box(1500, 1600, 1650, 1640)), "Press the button.", "area"),
        Typing = Some.Example(new GuiActionTarget("type", Text: "hello world"), "Greet.", "typing"),
        Scroll = Some.Example(new GuiActionTarget("scroll", Text: "down"), "Go on.", "scroll"),
        Colour = Some.Example("dark red"),
        Letter = Some.Example("B", "Which one?\nA. a red square\nB. a blue circle\nC. nothing", "letter"),
        Yes = Some.Example("yes", "Is it red?", "yes"),
        Number = Some.Example("1234.5", id: "number"),
        Three = Some.Example("3", "How many are there?", "three"),
        Formula = Some.Example("\\frac{\\sqrt{3}}{2}", id: "formula"),
        Several = Some.Example(new AnswersTarget(["Dr. Smith", "Doctor John Smith"]), id: "several"),
        Page = Some.Example("The quick brown fox jumps over the lazy dog.", "Read the text.", "page"),
        Mask = Some.Example(new MaskTarget(new RunLengthMask(40, 50, [123, 300, 77, 500, 1000])), "Find the cat."),
        NoMask = Some.Example(new MaskTarget(new RunLengthMask(40, 50, [2000])), "Find the cat.", "no mask");

    private static readonly LabelFormat Boxed = new() { Prefix = "\\boxed{", Suffix = "}" };

    internal static readonly Dictionary<string, Func<RewardHarness>> Harnesses = new()
    {
        ["thinking format"] = () => new RewardHarness(new ThinkingFormatReward(), Boxes).ForFormAlone(),
        ["grounding format"] = () => new RewardHarness(new GroundingFormatReward(), Boxes, NoBoxes).ForFormAlone(),
        ["grounding accuracy"] = () => new RewardHarness(new GroundingAccuracyReward(), Boxes, NoBoxes)
        {
            Rankings = [new Ranking(OneBox, Grounded(100, 110, 400, 420), Grounded(100, 110, 400, 480), Grounded(100, 110, 400, 1000))],
        },
        ["non-repeat"] = () => new RewardHarness(new NonRepeatReward(), Boxes).ForFormAlone(),
        ["presence"] = () => new RewardHarness(new PresenceReward(), Boxes, Cats).Without(RewardCheck.NothingForFarming, "any box says that something is there; that is all it asks."),
        ["exact answer"] = () => new RewardHarness(new ExactAnswerReward(), Colour, Number),
        ["detection format"] = () => new RewardHarness(DetectionRewards.Format(), Cats, Boxes, Seen).ForFormAlone(),
        ["detection IoU"] = () => new RewardHarness(DetectionRewards.Iou(), Cats, Boxes, Seen, NoCats),
        ["detection IoU, length-aware and mended"] = () => new RewardHarness(DetectionRewards.Iou(new DetectionOptions { LengthAware = true, Repair = true }), Cats, Seen),
        ["detection confidence"] = () => new RewardHarness(DetectionRewards.Confidence(), Seen, Cats)
        {
            Rankings = [new Ranking(Seen, Confident(1), Confident(0.7), Confident(0))],
        },
        ["average precision"] = () => new RewardHarness(DetectionRewards.AveragePrecision(), Cats, Boxes, Seen)
        {
            Rankings = [new Ranking(OneBox, Grounded(100, 110, 400, 420), Grounded(100, 110, 400, 470), Grounded(100, 110, 400, 520), Grounded(0, 0, 50, 50))],
        },
        ["average precision, ties as written"] = () => new RewardHarness(DetectionRewards.AveragePrecision(new AveragePrecisionOptions { Ties = TiedConfidence.AsWritten }), Cats, NoCats),
        // A known weakness of the formula: finding everything among a hundred boxes keeps half of the completeness, whatever the other 98 are.
        ["weighted detection"] = () => new RewardHarness(DetectionRewards.Weighted(), Cats, Boxes, Seen) { Allowance = 0.3 },
        // The first of many boxes overlaps a little by accident.
        ["Visual-RFT's IoU"] = () => new RewardHarness(VisualRftRewards.Iou(), Cats, Boxes, Seen),
        ["Visual-RFT's confidence"] = () => new RewardHarness(VisualRftRewards.Confidence(), Seen, Cats)
        {
            Rankings = [new Ranking(Seen, Confident(1), Confident(0.7), Confident(0))],
        },
        ["VLM-R1's average precision"] = () => new RewardHarness(VlmR1Rewards.AveragePrecision(), Cats, Boxes, Seen, NoCats),
        ["VLM-R1's weighted detection"] = () => new RewardHarness(VlmR1Rewards.Weighted(), Cats, Boxes, Seen) { Allowance = 0.3 },
        ["VLM-R1's box IoU"] = () => new RewardHarness(VlmR1Rewards.Iou(), OneBox) { Allowance = 0.2 },
        ["box IoU"] = () => new RewardHarness(ReferringRewards.Iou(), OneBox)
        {
            Allowance = 0.2,
            Rankings = [new Ranking(OneBox, "<answer>[100, 110, 400, 420]</answer>", "<answer>(100, 110), (400, 400)</answer>", "<answer>[100, 110, 200, 420]</answer>", "<answer>none</answer>")],
        },
        ["squared box IoU"] = () => new RewardHarness(ReferringRewards.Iou(power: 2, PixelConvention.Inclusive), OneBox),
        // A box anywhere has some generalised IoU: that is what it is for.
        ["generalised IoU"] = () => new RewardHarness(ReferringRewards.GeneralizedIou(), OneBox) { Allowance = 0.5 },
        ["referring format"] = () => new RewardHarness(ReferringRewards.Format(), OneBox).ForFormAlone(),
        ["GUI point"] = () => new RewardHarness(GuiRewards.PointInBox(), OneBox, Boxes).Without(RewardCheck.NothingForFarming, "the first of many boxes lies in a label of this test by accident."),
        ["GUI action"] = () => new RewardHarness(GuiRewards.Action(), Click, Area, Typing, Scroll),
        ["GUI format"] = () => new RewardHarness(GuiRewards.Format(), Click, Typing, Scroll),
        ["GUI-R1's format"] = () => new RewardHarness(GuiRewards.ThinkingFormat(), Click, Typing, Scroll).ForFormAlone(),
        ["Visual-RFT's classification"] = ()
            => new RewardHarness(VisualRftRewards.Classification(), Some.Example("labrador retriever", id: "breed"))
            .Without(RewardCheck.NothingForFarming, "a class that holds the answer is right, as is a text that holds the class."),
        ["classification"] = () => new RewardHarness(AnswerRewards.Classification(), Colour),
        ["choice"] = () => new RewardHarness(AnswerRewards.Choice(), Letter),
        ["yes or no"] = () => new RewardHarness(AnswerRewards.YesNo(), Yes),
        ["numeric"] = () => new RewardHarness(AnswerRewards.Numeric(relative: 0.01), Number),
        ["count of boxes"] = () => new RewardHarness(AnswerRewards.Count(), Boxes, Cats).Without(RewardCheck.NothingForFarming, "two objects of any kind are two."),
        ["count in words"] = () => new RewardHarness(AnswerRewards.Count(exact: false), Three)
        {
            Rankings = [new Ranking(Three, "<answer>3</answer>", "<answer>4</answer>", "<answer>5</answer>", "<answer>70</answer>")],
        },
        ["ANLS"] = () => new RewardHarness(TextRewards.Anls(), Several, Colour)
        {
            Rankings = [new Ranking(Several, "<answer>DR. SMITH</answer>", "<answer>Dr. Smit</answer>", "<answer>Doctor Who</answer>")],
        },
        ["relaxed"] = () => new RewardHarness(TextRewards.Relaxed(), Number, Colour),
        // Any text shares some letters, and a word, with any other.
        ["OCR"] = () => new RewardHarness(TextRewards.Ocr(acceptBareText: false), Page) { Allowance = 0.4 },
        ["OCR in words"] = () => new RewardHarness(TextRewards.Ocr(words: true, acceptBareText: false), Page) { Allowance = 0.2 },
        ["cosine length"] = () => new RewardHarness(LengthRewards.Cosine(new ExactAnswerReward(), new CosineLengthOptions { Right = (1, 1) }), Colour),
        ["overlong"] = () => new RewardHarness(LengthRewards.Overlong(2000, 500), Colour).ForFormAlone(),
        ["repetition"] = () => new RewardHarness(LengthRewards.Repetition(), Colour).ForFormAlone(),
        ["repeated boxes"] = () => new RewardHarness(LengthRewards.RepeatedBoxes(), Boxes).ForFormAlone(),
        ["mathematics"] = () => new RewardHarness(MathRewards.Accuracy(), Formula, Number) { Format = Boxed },
        ["mathematics by value"] = () => new RewardHarness(MathRewards.Accuracy(MathGrading.Value), Formula, Number) { Format = Boxed },
        ["mathematics in tags"] = () => new RewardHarness(MathRewards.Tagged(), Formula),
        ["mathematics format"] = () => new RewardHarness(MathRewards.Format(), Formula) { Format = Boxed }.ForFormAlone(),
        ["answer line"] = () => new RewardHarness(MathRewards.AnswerLine(), Formula) { Format = new LabelFormat { Prefix = "Answer: ", Suffix = "" } },
        ["DAPO's answer"] = () => new RewardHarness(MathRewards.DapoAnswer(),
            Formula) { Format = new LabelFormat { Prefix = "Answer: ", Suffix = "" } },
        ["mask IoU"] = () => new RewardHarness(MaskRewards.Iou(), Mask, NoMask),
        ["soft mask IoU"] = () => new RewardHarness(MaskRewards.Iou(soft: true), Mask),
        ["Seg-Zero, format"] = () => new RewardHarness(Component(SegZeroRewards.Suite(), 1), Person).Without(RewardCheck.NothingForFarming, "the format is three keys, whatever they hold."),
        ["Seg-Zero, overlap"] = () => new RewardHarness(Component(SegZeroRewards.Suite(), 2), Person),
        ["Seg-Zero, distance"] = () => new RewardHarness(Component(SegZeroRewards.Suite(), 3), Person),
        ["Seg-Zero, points"] = () => new RewardHarness(Component(SegZeroRewards.Suite(), 4), Person),
    };

    public static TheoryData<string> Names => [.. Harnesses.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_passes(string name) => Harnesses[name]().Run().EnsurePassed();

    [Fact]
    public void The_rewards_that_are_known_to_pay_for_farming_are_caught()
    {   // Options that the systems they come from have on, and we have off.
        Caught(new RewardHarness(AnswerRewards.Classification(acceptContained: true), Some.Example("correct answer")));
        Caught(new RewardHarness(AnswerRewards.YesNo(firstCounts: true), Yes));
        Caught(new RewardHarness(GuiRewards.PointInBox(anyCounts: true), OneBox));

        static void Caught(RewardHarness harness) => harness.Without(RewardCheck.LinearInLength, "not the point.").Run()[RewardCheck.NothingForFarming].Outcome.Should().Be(CheckOutcome.Failed);
    }

    private static IRewardFunction Component(RewardSuite suite, int index) => suite.Rewards[index].Function;

    private static string Grounded(int x1, int y1, int x2, int y2)
        => $$"""<answer>[{"bbox_2d": [{{x1}}, {{y1}}, {{x2}}, {{y2}}], "point_2d": [{{(x1 + x2) / 2}}, {{(y1 + y2) / 2}}]}]</answer>""";

    private static string Confident(double confidence)
        => FormattableString.Invariant($$"""<answer>[{"Position": [10, 20, 110, 90], "Confidence": {{confidence}}}]</answer>""");
}
