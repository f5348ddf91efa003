using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

public sealed class DatasetCheckTests
{
    [Fact]
    public void Good_rows_pass()
        => Check().Invoking(c => c.Ensure([Boxed("a", 0, 0, 100, 50), Boxed("b", 10, 10, 20, 20)])).Should().NotThrow();

    [Theory]
    [InlineData(0, 0, 101, 50, "*'a'*box 0 [0, 0, 101, 50] lies outside its picture of 100 × 50 pixels*")]
    [InlineData(-1, 0, 100, 50, "*'a'*box 0 [-1, 0, 100, 50] lies outside*")]
    [InlineData(20, 10, 10, 20, "*'a'*box 0 [20, 10, 10, 20] is empty or reversed*")]
    public void A_box_outside_its_picture_or_reversed_is_found(double x1, double y1, double x2, double y2, string message)
        => Problems(Boxed("a", x1, y1, x2, y2)).Should().ContainMatch(message);

    [Fact]
    public void A_point_outside_its_box_is_found()
        => Problems(Example("a", new GroundingTarget([new GroundedObject(new Box(0, 0, 10, 10), new PixelPoint(11, 5))])))
            .Should().ContainSingle().Which.Should().Be("example 'a': point 0 [11, 5] lies outside box 0 [0, 0, 10, 10]: correct one of them");

    [Fact]
    public void A_picture_that_does_not_open_is_found_and_named()
        => Problems(VisionExample.Ask("a", "?", null, ImageSource.FromFile("/broken.png")))
            .Should().ContainSingle().Which.Should().Be("example 'a': picture '/broken.png' does not open: no PNG signature");

    [Fact]
    public void A_label_that_its_own_reward_rejects_is_found_with_the_score_it_gets()
    {
        var suite = Toy.Suite("no_boxes", (_, text) => text.Contains("bbox", StringComparison.Ordinal) ? 0.25 : 1);
        var check = new DatasetCheck(new DemonstrationInjector(TinyText.Encoder), suite, Size);
        check.Problems([Boxed("a", 0, 0, 10, 10)]).Should().ContainSingle().Which.Should().StartWith("example 'a': its label scores 0.25 "
            + "of 1 in 'no_boxes'");
    }

    [Fact]
    public void The_thinking_reward_does_not_count_because_a_label_does_not_think()
    {
        var check = new DatasetCheck(new DemonstrationInjector(TinyText.Encoder), Toy.Suite("thinking_format", (_, _) => 0), Size);
        check.Problems([Boxed("a", 0, 0, 10, 10)]).Should().BeEmpty();
    }

    [Fact]
    public void A_reward_that_throws_on_a_label_is_a_problem_of_that_row()
    {
        var suite = Toy.Suite("strict", (_, _) => throw new FormatException("no number in label"));
        new DatasetCheck(new DemonstrationInjector(TinyText.Encoder), suite, Size).Problems([Boxed("a", 0, 0, 10, 10)])
            .Should().ContainSingle().Which.Should().Contain("'a'").And.Contain("cannot be scored");
    }

    [Fact]
    public void A_repeated_id_is_found()
        => Problems(Boxed("a", 0, 0, 10, 10), Boxed("a", 0, 0, 10, 10)).Should().ContainSingle().Which.Should().Contain("more than once");

    [Fact]
    public void Pictures_without_a_place_in_the_turns_are_found()
        => Problems(Boxed("a", 0, 0, 10, 10) with { Turns = [ChatTurn.User("no picture here")] })
            .Should().ContainSingle().Which.Should().Be("example 'a': 1 pictures, but its turns have places for 0");

    [Fact]
    public void The_error_lists_one_line_per_problem_and_stops_at_the_limit()
    {
        var rows = Enumerable.Range(0, 30).Select(i => Boxed($"row{i}", 0, 0, 500, 500));
        var message = Check().Invoking(c => c.Ensure(rows)).Should().Throw<InvalidDataException>().Which.Message;
        message.Split(Environment.NewLine).Should().HaveCount(1 + 20 + 1);
        message.Should().Contain("'row0'").And.Contain("'row19'").And.NotContain("'row20'").And.Contain("these are the first 20");
    }

    [Fact]
    public void Without_a_limit_all_problems_are_listed()
    {
        var rows = Enumerable.Range(0, 30).Select(i => Boxed($"row{i}", 0, 0, 500, 500));
        var check = new DatasetCheck(new DemonstrationInjector(TinyText.Encoder), Toy.Suite("any", (_, _) => 1), Size) { Limit = int.MaxValue };
        check.Invoking(c => c.Ensure(rows)).Should().Throw<InvalidDataException>().Which.Message.Should().Contain("'row29'").And.NotContain("more");
        FluentActions.Invoking(() => new DatasetCheck(new DemonstrationInjector(TinyText.Encoder), Toy.Suite("any", (_, _) => 1), Size) { Limit = 0 })
            .Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void A_reward_without_weight_is_only_watched_and_a_label_need_not_reach_it()
    {
        var suite = Toy.Suite("any", (_, _) => 1).With(RewardFunction.From("tokens", (_, c) => c.TokenIds.Count, maximum: 1000), weight: 0);
        new DatasetCheck(new DemonstrationInjector(TinyText.Encoder), suite, Size).Problems([Boxed("a", 0, 0, 10, 10)]).Should().BeEmpty();
    }

    [Theory]
    [InlineData(-0.5, 0, null)]     // what a negative weight asks for: the label has none of it
    [InlineData(-0.5, 0.25, "example 'a': its label scores 0.25 in 'swearing', where 0 is best because its weight is negative, so it would teach what that reward rejects")]
    [InlineData(-0.5, 1, "example 'a': its label scores 1 in 'swearing'*")]
    [InlineData(0.5, 0, "example 'a': its label scores 0 of 1 in 'swearing'*")]
    public void A_negative_weight_asks_a_label_for_the_minimum(double weight, double value, string? problem)
    {
        var suite = Toy.Suite("any", (_, _) => 1).With(RewardFunction.From("swearing", (_, _) => value), weight);
        var problems = new DatasetCheck(new DemonstrationInjector(TinyText.Encoder), suite, Size).Problems([Boxed("a", 0, 0, 10, 10)])
            .ToArray();
        if (problem is null) problems.Should().BeEmpty();
        else problems.Should().ContainSingle().Which.Should().Match(problem);
    }

    private static string[] Problems(params VisionExample[] examples) => [.. Check().Problems(examples)];

    private static DatasetCheck Check() => new(new DemonstrationInjector(TinyText.Encoder), Toy.Suite("any", (_, _) => 1), Size);

    private static (int, int) Size(ImageSource image)
        => image.Name.Contains("broken", StringComparison.Ordinal) ? throw new InvalidDataException("no PNG signature") : (100, 50);

    private static VisionExample Boxed(string id, double x1, double y1, double x2, double y2)
        => Example(id, new GroundingTarget([new GroundedObject(new Box(x1, y1, x2, y2), new PixelPoint((x1 + x2) / 2, (y1 + y2) / 2))]));

    private static VisionExample Example(string id, Target target) => VisionExample.Ask(id, "where?", target, ImageSource.FromFile("/fine.png"));
}
