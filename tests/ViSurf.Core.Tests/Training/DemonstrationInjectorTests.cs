using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

public sealed class DemonstrationInjectorTests
{
    private static readonly VisionExample Boxed = TinyText.Example("q", "where?") with
    {
        Target = new GroundingTarget([new GroundedObject(new Box(10, 100, 200, 210), new PixelPoint(30, 110))]),
    };

    [Fact]
    public void The_label_joins_last_in_the_rollouts_form_with_the_end_of_turn_token()
    {
        var rollout = Completion.OfText("hm");
        var group = new DemonstrationInjector(TinyText.Encoder).Inject(new RolloutGroup(Boxed, [rollout]));
        group.Completions.Should().HaveCount(2).And.StartWith(rollout);
        var label = group.Completions[1];
        label.Source.Should().Be(CompletionSource.Demonstration);
        label.FinishReason.Should().Be(FinishReason.Stop);
        label.TokenIds[^1].Should().Be(TinyText.Stop);
        label.TokenIds.Count(id => id == TinyText.Stop).Should().Be(1);
        // Paper §3.3: blanks after commas, as the model itself writes; answer tags, no thinking.
        label.Text.Should().Be("<answer>[{\"bbox_2d\": [10, 100, 200, 210], \"point_2d\": [30, 110]}]</answer>");
    }

    [Fact]
    public void The_format_is_the_callers()
        => new DemonstrationInjector(TinyText.Encoder, LabelFormat.Compact).Demonstration(Boxed)!.Text
            .Should().Be("<answer>[{\"bbox_2d\":[10,100,200,210],\"point_2d\":[30,110]}]</answer>");

    [Fact]
    public void An_example_without_a_label_keeps_its_group_as_it_is()
    {
        var group = new RolloutGroup(TinyText.Example("q", "?"), [Completion.OfText("a")]);
        new DemonstrationInjector(TinyText.Encoder).Inject(group).Should().BeSameAs(group);
    }
}
