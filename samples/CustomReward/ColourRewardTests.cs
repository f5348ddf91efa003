using ViSurf.Core.Data;
using ViSurf.Core.Testing;
using Xunit;

namespace CustomReward;

public sealed class ColourRewardTests
{
    private static readonly VisionExample Blue = Some.Example("dark blue", "Which colour has the car?");

    [Fact]
    public void It_holds_what_every_reward_should_hold()
        => new RewardHarness(new ColourReward(), Blue, Some.Example("red", id: "one word"))
        {
            Rankings = [new Ranking(Blue, "<answer>Dark Blue</answer>", "<answer>light blue</answer>", "<answer>red</answer>")],
        }.Run().EnsurePassed();

    [Theory]
    [InlineData("dark blue", 1)]
    [InlineData("blue", 0.5)]
    [InlineData("dark", 0)]
    [InlineData("red", 0)]
    public void A_shade_is_half_of_the_answer(string answer, double expected)
        => Assert.Equal(expected, new ColourReward().Score(Blue, Some.Thought("I see a car.", answer)));

    [Fact]
    public void It_says_nothing_about_boxes() => Assert.Null(new ColourReward().Score(Some.Grounding(), Some.Completion("[]")));
}
