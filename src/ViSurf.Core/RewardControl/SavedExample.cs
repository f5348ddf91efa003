using ViSurf.Core.Data;

namespace ViSurf.Core.RewardControl;

/// <summary>A piece of a saved turn: its text, or null for the place of a picture.</summary>
internal sealed record SavedPart(string? Text);

/// <summary>A saved turn.</summary>
internal sealed record SavedTurn(string Role, IReadOnlyList<SavedPart> Parts);

/// <summary>
/// An example as a checkpoint keeps it: its id and its conversation, which may hold a hint that the data set does not. Pictures and label are
/// the data set's.
/// </summary>
internal sealed record SavedExample(string Id, IReadOnlyList<SavedTurn> Turns)
{
    public static SavedExample Of(VisionExample example)
        => new(example.Id, [.. example.Turns.Select(turn => new SavedTurn(turn.Role, [.. turn.Parts.Select(part => new SavedPart(part.Text))]))]);

    /// <summary>The data set's example with the saved conversation.</summary>
    /// <exception cref="InvalidDataException">It is not there, or has another number of pictures than the conversation.</exception>
    public VisionExample Find(Func<string, VisionExample?> example)
    {
        var found = example(Id) ?? throw new InvalidDataException(
            $"Expected the example '{Id}' of the saved state in the data, found none. Resume with the data that the run was started with.");
        var pictures = Turns.Sum(turn => turn.Parts.Count(part => part.Text is null));
        if (pictures != found.Images.Count)
            throw new InvalidDataException(
                $"Expected {pictures} pictures in the example '{Id}', as in the saved state, got {found.Images.Count}. Resume with the data that the run was started with.");
        return found with
        {
            Turns = [.. Turns.Select(turn => new ChatTurn(turn.Role, [.. turn.Parts.Select(part => part.Text is { } text ? ChatPart.OfText(text) : ChatPart.Image)]))],
        };
    }
}
