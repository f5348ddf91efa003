using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Parsing;
using Xunit;

namespace ViSurf.Core.Tests.Data;

public sealed class PromptTemplateTests
{
    [Fact]
    public void The_question_takes_the_place_of_every_placeholder_and_other_braces_stay()
        => PromptTemplate.Parse("{question}? {x} {{question}}")("why {question}").Should().Be("why {question}? {x} {why {question}}");

    [Fact]
    public void A_template_without_placeholder_would_ask_nothing()
        => FluentActions.Invoking(() => PromptTemplate.Parse("Find {Question}")).Should().Throw<ArgumentException>()
            .WithMessage("Expected the template to contain {question}, got 'Find {Question}'.*");

    [Fact]
    public void The_example_in_the_grounding_prompt_is_an_answer_that_the_rewards_take_in_full()
    {
        var prompt = PromptTemplate.Grounding("the red cup");
        prompt.Should().Contain("\"the red cup\"");
        var example = prompt[prompt.LastIndexOf("<think>", StringComparison.Ordinal)..].TrimEnd();
        ThinkAnswerText.IsThinkThenAnswer(example).Should().BeTrue();
        // Written as labels are, so that label and prompt are the same tokens.
        var target = GroundingTarget.Parse(ThinkAnswerText.Answer(example)!);
        target.Objects.Should().HaveCount(2);
        example.Should().EndWith(new LabelFormat().Write(target));
    }

    [Fact]
    public void The_short_answer_prompt_holds_the_question_and_asks_for_both_blocks()
        => PromptTemplate.ShortAnswer("How many?").Should().StartWith("How many?").And.Contain("<think>").And.Contain("<answer>");
}
