using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

/// <summary>A label in another frame than the model's is taught and judged nowhere, and brought there by one word.</summary>
public sealed class ModelFrameTests
{
    private const string Cure = "*rows.Select(encoder.InModelFrame)*RowOptions.LabelFrame = FrameSize.OfModel*";

    // 128 × 96 pixels. Thousandths: x · 7.8125, y · 10.4166…; Qwen2.5-VL sees 140 × 84: x · 1.09375, y · 0.875; halves up.
    private static readonly GroundingTarget Circle = new([new GroundedObject(new Box(16, 24, 64, 48), new PixelPoint(32, 36))]);

    public static TheoryData<string, string, string> Families => new()
    {
        { "qwen2_vl", "from 0 to 1000", """[{"bbox_2d": [125, 250, 500, 500], "point_2d": [250, 375]}]""" },
        { "qwen3_vl", "from 0 to 1000", """[{"bbox_2d": [125, 250, 500, 500], "point_2d": [250, 375]}]""" },
        { "qwen2_5_vl", "in pixels of the picture as it sees it (140 × 84)", """[{"bbox_2d": [18, 21, 70, 42], "point_2d": [35, 32]}]""" },
    };

    [Theory, MemberData(nameof(Families))]
    public void A_label_in_pixels_is_refused_for_a_model_with_another_frame_and_taught_right_after_InModelFrame(string family,
        string frame, string taught)
    {
        var encoder = QwenPromptEncoder.Load(Fixtures.PathOf(family));
        var (labels, row) = (new DemonstrationInjector(encoder), Row(Circle));
        labels.Invoking(l => l.Demonstration(row)).Should().Throw<InvalidDataException>()
            .WithMessage($"rows.jsonl:7 (id 'r7'): its label is in pixels of the picture in its own size (128 × 96), "
                + $"and the model writes coordinates {frame}: {Cure}");
        labels.Demonstration(encoder.InModelFrame(row))!.Text.Should().Be($"<answer>{taught}</answer>");

        // Said by the report in the same words, once, and nothing where the run brings labels there.
        var check = new DatasetCheck(labels, Toy.Suite("any", (_, _) => 1), PictureSize.Of) { Encoder = encoder };
        check.Report(new ListSource([row], "rows")).Problems.Should().ContainSingle().Which.ToString().Should().Match($"rows.jsonl:7 (id "
            + $"'r7'): its label is in pixels{Cure}");
        check.Report(new ListSource([row], "rows"), encoder.InModelFrame).Problems.Should().BeEmpty();
    }

    [Fact]
    public void No_trainer_takes_it_whether_labels_are_taught_or_only_compared_and_no_evaluation()
    {
        var model = Fixtures.PathOf("qwen3_vl");
        var encoder = QwenPromptEncoder.Load(model);
        using var policy = QwenVlPolicy.Load(model, TestDevice.Value);
        using var optimizer = new AdamWOptimizer(policy.Module);
        var sampler = new AutoregressiveSampler(new SamplingOptions { StopIds = encoder.StopIds, SuppressedIds = encoder.SuppressedIds });
        var suite = Toy.Suite("any", (_, _) => 1);
        var options = new TrainerOptions { GroupSize = 2, MaxNewTokens = 2 };
        foreach (var parts in new[] { TrainerParts.ViSurf(encoder, policy, sampler, suite, optimizer),
            TrainerParts.Grpo(encoder, policy, sampler, suite, optimizer), TrainerParts.Sft(encoder, policy, optimizer) })
            new Trainer(parts, options).Invoking(t => t.Step([Row(Circle)])).Should().Throw<InvalidDataException>()
                .WithMessage($"*'r7'{Cure}");
        var evaluator = new Evaluator(encoder, policy, sampler) { MaxNewTokens = 2 };
        evaluator.Invoking(e => e.Run([Row(Circle)])).Should().Throw<InvalidDataException>().WithMessage($"*'r7'{Cure}");
        evaluator.Run([encoder.InModelFrame(Row(Circle))]).Should().ContainSingle();
    }

    [Fact]
    public void Labels_that_are_there_already_are_taken_as_they_are()
    {
        var encoder = QwenPromptEncoder.Load(Fixtures.PathOf("qwen3_vl"));
        var labels = new DemonstrationInjector(encoder);
        foreach (var said in new[] { FrameSize.OfModel, FrameSize.Thousandths })
        {
            var row = Row(Circle) with { LabelFrame = said };
            labels.Demonstration(row)!.Text.Should().Contain("[16, 24, 64, 48]");
            var framed = encoder.InModelFrame(row);
            framed.Target.Should().BeSameAs(row.Target);
            framed.ToPicture().Apply(new PixelPoint(500, 500)).Should().Be(new PixelPoint(64, 48));
        }

        // A picture of 1000 × 1000: pixels and thousandths are one.
        labels.Demonstration(Row(Circle, 1000, 1000))!.Text.Should().Contain("[16, 24, 64, 48]");
    }

    [Fact]
    public void ViSurfs_840_by_840_needs_no_word_where_resizing_leaves_it_alone()
    {
        using var folder = QwenFramesTests.Limited("qwen2_5_vl", 3136, 12845056);
        new DemonstrationInjector(QwenPromptEncoder.Load(folder.Path)).Demonstration(Row(Circle, 840, 840))!.Text.Should()
            .Contain("[16, 24, 64, 48]");

        // The same picture, but the checkpoint reads no more than 448 × 448: now it is resized.
        using var smaller = QwenFramesTests.Limited("qwen2_5_vl", 3136, 448 * 448);
        new DemonstrationInjector(QwenPromptEncoder.Load(smaller.Path)).Invoking(l => l.Demonstration(Row(Circle, 840, 840)))
            .Should().Throw<InvalidDataException>().WithMessage($"*(840 × 840)*(448 × 448)*{Cure}");
    }

    [Fact]
    public void What_has_no_coordinates_has_no_frame()
    {
        var labels = new DemonstrationInjector(QwenPromptEncoder.Load(Fixtures.PathOf("qwen3_vl")));
        foreach (var target in new Target[] { new TextTarget("red"), new GroundingTarget([]), new DetectionTarget([]),
            new GuiActionTarget("press_back") })
            labels.Demonstration(Row(target)).Should().NotBeNull();
        labels.Demonstration(VisionExample.Ask("no picture", "?", Circle)).Should().NotBeNull();
    }

    public static TheoryData<Target> Kinds =>
    [
        new DetectionTarget([new LabelledBox(new Box(16, 24, 64, 48), "cat")]),
        new SegZeroTarget(new Box(16, 24, 64, 48), new(20, 30), new(40, 40)),
        new GuiActionTarget("click", new PixelPoint(20, 30)), new GuiActionTarget("click", Area: new Box(16, 24, 64, 48)),
        new MaskTarget(new RunLengthMask(96, 128, [100, 200, 11988])),
    ];

    [Theory, MemberData(nameof(Kinds))]
    public void Every_kind_with_coordinates_is_asked(Target target)
    {
        var encoder = QwenPromptEncoder.Load(Fixtures.PathOf("qwen3_vl"));
        var labels = new DemonstrationInjector(encoder);
        labels.Invoking(l => l.Demonstration(Row(target))).Should().Throw<InvalidDataException>().WithMessage(Cure);
        labels.Demonstration(encoder.InModelFrame(Row(target))).Should().NotBeNull();
    }

    [Fact]
    public void An_encoder_of_ones_own_says_its_frame_or_nothing_and_a_wrapper_says_what_is_inside()
    {
        new DemonstrationInjector(TinyText.Encoder).Demonstration(Row(Circle))!.Text.Should().Contain("[16, 24, 64, 48]");
        IPromptEncoder own = new Halves();
        new DemonstrationInjector(own).Invoking(l => l.Demonstration(Row(Circle))).Should().Throw<InvalidDataException>()
            .WithMessage($"*in pixels of the picture as it sees it (64 × 48)*{Cure}");
        new DemonstrationInjector(own).Demonstration(own.InModelFrame(Row(Circle)))!.Text.Should().Contain("[8, 12, 32, 24]");
        new DemonstrationInjector(new Wrapped(own)).Invoking(l => l.Demonstration(Row(Circle))).Should().Throw<InvalidDataException>()
            .WithMessage(Cure);
    }

    [Fact]
    public void With_pictures_of_several_sizes_the_frame_says_which_one_is_meant()
    {
        using var folder = QwenFramesTests.Limited("qwen2_5_vl", 3136, 12845056);
        var encoder = QwenPromptEncoder.Load(folder.Path);
        ImageSource[] images = [ImageSource.FromBytes(Pictures.Plain(60, 60), "a"), ImageSource.FromBytes(Pictures.Plain(128, 96), "b")];
        var row = VisionExample.Ask("two", "?", Circle, images);
        var labels = new DemonstrationInjector(encoder);
        labels.Invoking(l => l.Demonstration(row)).Should().Throw<InvalidDataException>().WithMessage("*'two'*expected pictures of one "
            + "size, got 60 × 60, 128 × 96*");
        labels.Demonstration(row with { LabelFrame = new FrameSize(140, 84) }).Should().NotBeNull();
        labels.Demonstration(row.InFrame(new FrameSize(128, 96), new FrameSize(140, 84)))!.Text.Should().Contain("[18, 21, 70, 42]");
    }

    [Theory]
    [InlineData(200, 24, 240, 48, "box 0 [200, 24, 240, 48] lies outside its picture of 128 × 96 pixels")]
    [InlineData(64, 48, 16, 24, "box 0 [64, 48, 16, 24] is empty or reversed")]
    [InlineData(0.1, 0.2, 0.9, 0.95, "all coordinates of its label lie within one pixel, as box 0 [0.1, 0.2, 0.9, 0.95] does")]
    public void What_can_hardly_be_in_its_frame_is_not_brought_to_another_where_nobody_sees_it_any_more(double x1, double y1, double x2,
        double y2, string message)
    {
        var encoder = QwenPromptEncoder.Load(Fixtures.PathOf("qwen3_vl"));
        var row = Row(new GroundingTarget([new GroundedObject(new Box(x1, y1, x2, y2), new PixelPoint(x1, y1))]));
        encoder.Invoking(e => e.InModelFrame(row)).Should().Throw<InvalidDataException>()
            .WithMessage($"rows.jsonl:7 (id 'r7'): {message}*");
        new DemonstrationInjector(encoder).Invoking(l => l.Demonstration(row)).Should().Throw<InvalidDataException>()
            .WithMessage($"*'r7'*{message}*");

        // An edge that rounding or an annotator put a pixel beyond is no other frame.
        encoder.InModelFrame(Row(new GroundingTarget([new GroundedObject(new Box(16, 24, 128.9, 96),
            new PixelPoint(20, 30))]))).Target.Should().NotBeNull();
    }

    [Theory]
    [InlineData("qwen2_5_vl", ", in pixels of the picture as you see it, or [] when nothing fits")]
    [InlineData("qwen2_vl", ", as whole numbers from 0 to 1000 along each side of the picture, or [] when nothing fits")]
    [InlineData("qwen3_vl", ", as whole numbers from 0 to 1000 along each side of the picture, or [] when nothing fits")]
    public void The_grounding_prompt_names_the_unit_of_the_family(string family, string unit)
    {
        Func<string, string> prompt = QwenPromptEncoder.Load(Fixtures.PathOf(family)).GroundingPrompt;
        prompt("the red cup").Should().Contain("\"the red cup\"").And.Contain(unit);
        PromptTemplate.Grounding("the red cup").Should().NotContain("pixel").And.NotContain("1000", "without a family there is no unit");
    }

    private static VisionExample Row(Target target, int width = 128, int height = 96)
        => VisionExample.Ask("r7", "?", target,
            ImageSource.FromBytes(Pictures.Plain(width, height), "p.png")) with { Place = "rows.jsonl:7" };

    private sealed class Halves : IPromptEncoder
    {
        public EncodedPrompt Encode(VisionExample example) => TinyText.Encoder.Encode(example);

        public IReadOnlyList<int> EncodeAnswer(string text) => TinyText.Encoder.EncodeAnswer(text);

        public string Decode(IReadOnlyList<int> tokenIds) => TinyText.Encoder.Decode(tokenIds);

        public VisionExample InModelFrame(VisionExample example) => example.InFrame(new FrameSize(128, 96), new FrameSize(64, 48));
    }

    private sealed class Wrapped(IPromptEncoder inner) : IPromptEncoder, IWrapper
    {
        public IEnumerable<object> Inner => [inner];

        public EncodedPrompt Encode(VisionExample example) => inner.Encode(example);

        public IReadOnlyList<int> EncodeAnswer(string text) => inner.EncodeAnswer(text);

        public string Decode(IReadOnlyList<int> tokenIds) => inner.Decode(tokenIds);
    }
}
